import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

const require = createRequire(import.meta.url);

/** Version of this package; `unknown` if a bundler left out the package file. */
export function packageVersion(): string {
  try {
    const { version } = require('leakwatch/package.json') as { version: string };
    return version;
  } catch {
    return 'unknown';
  }
}

/** The path of a file that is packed with this package. Throws if a bundler left out the package file. */
export function packedFile(name: string): string {
  return join(dirname(require.resolve('leakwatch/package.json')), name);
}
