/** Node's own modules, written in JavaScript. */
export const isNodeScript = (address: string): boolean => address.startsWith('node:') || address === '';

/** Where this package's own scripts lie: the analysis runs from the installation that watches. */
const OWN_FOLDER = new URL('../../', import.meta.url).href;
export const OWN_SCRIPTS = 'leakwatch/dist/src/';

export const isOwnScript = (address: string): boolean => address.startsWith(OWN_FOLDER);

/**
 * A script's address as a person writes it and as it is the same on every machine: package path for a dependency,
 * otherwise the file's name with its folder.
 */
export function shortScript(address: string): string {
  if (isNodeScript(address)) return address;
  if (isOwnScript(address)) return OWN_SCRIPTS + address.slice(OWN_FOLDER.length);
  const path = address.replaceAll('\\', '/').replace(/[?#].*$/, '');
  const packaged = path.lastIndexOf('/node_modules/');
  if (packaged >= 0) return path.slice(packaged + '/node_modules/'.length);
  return path.split('/').slice(-2).join('/');
}
