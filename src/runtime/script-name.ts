/** Node's own modules, written in JavaScript. */
export const isNodeScript = (address: string): boolean => address.startsWith('node:') || address === '';

/** Folder of this package's own scripts: the analysis runs from the same installation as the watcher. */
const OWN_FOLDER = new URL('../', import.meta.url).href;
export const OWN_SCRIPTS = 'leakwatch/dist/src/';

/** Everything after the path in an address. */
export const QUERY = /[?#].*$/s;
/** User and password in an address. */
const USER = /^([a-z][a-z0-9+.-]*:\/\/)[^/]*@/i;

/** An address reduced to a place: without the code of a `data:` address, queries, users and passwords. */
export function publicAddress(address: string): string {
  if (/^data:/i.test(address)) return 'data:';
  return address.replace(QUERY, '').replace(USER, '$1');
}

export const isOwnScript = (address: string): boolean => address.startsWith(OWN_FOLDER);

/**
 * A script's address in a short form that is the same on every machine: the package path for a dependency, otherwise
 * the file's name with its folder.
 */
export function shortScript(given: string): string {
  if (isNodeScript(given)) return given;
  const address = publicAddress(given);
  if (isOwnScript(address)) return OWN_SCRIPTS + address.slice(OWN_FOLDER.length);
  const path = address.replaceAll('\\', '/');
  const packaged = path.lastIndexOf('/node_modules/');
  if (packaged >= 0) return path.slice(packaged + '/node_modules/'.length);
  return path.split('/').slice(-2).join('/');
}

/** The package that a script came with. */
export interface ScriptPackage {
  readonly name: string;
  /** Null if the path does not contain it; the `package.json` in the folder does. */
  readonly version: string | null;
  /** Address of the package's folder, in the same form as the script's address, with a slash at the end. */
  readonly folderUrl: string;
}

const FOLDER = '/node_modules/';
/** pnpm's layout: `.pnpm/name@1.2.3_peers/node_modules/name`, a scope's slash written as `+`. */
const STORE = /\/\.pnpm\/([^/]+)\/node_modules\/$/;
const VERSION = /^(\d+\.\d+\.\d+(?:-[0-9A-Za-z.-]+)?)/;

/** Null for the program's own scripts and for Node's. Uses the address alone, never the disk. */
export function packageOf(address: string): ScriptPackage | null {
  const path = publicAddress(address).replaceAll('\\', '/');
  const at = path.lastIndexOf(FOLDER);
  if (at < 0) return null;
  const begin = at + FOLDER.length;
  const parts = path.slice(begin).split('/');
  const name = parts.slice(0, parts[0]?.startsWith('@') === true ? 2 : 1).join('/');
  if (name === '' || name.length === path.length - begin) return null;
  const stored = STORE.exec(path.slice(0, begin))?.[1];
  const prefix = `${name.replace('/', '+')}@`;
  const version = stored?.startsWith(prefix) === true ? VERSION.exec(stored.slice(prefix.length)) : null;
  return { name, version: version?.[1] ?? null, folderUrl: address.slice(0, begin + name.length + 1) };
}

/** Whether the script is the program's own: not Node's, a package's or this package's. */
export function isProgramsOwn({ url }: { readonly url: string }): boolean {
  return !isNodeScript(url) && !isOwnScript(url) && packageOf(url) === null;
}
