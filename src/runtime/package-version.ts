import { createRequire } from 'node:module';

/** Version of this package; `unknown` if a bundler left out the package file. */
export function packageVersion(): string {
  try {
    const { version } = createRequire(import.meta.url)('leakwatch/package.json') as { version: string };
    return version;
  } catch {
    return 'unknown';
  }
}
