import { createRequire } from 'node:module';

/** Version of this package; `unknown` if a bundler left out the package file. */
export function packageVersion(): string {
  try {
    const manifest: unknown = createRequire(import.meta.url)('leakwatch/package.json');
    const { version } = manifest as { readonly version?: unknown };
    return typeof version === 'string' ? version : 'unknown';
  } catch {
    return 'unknown';
  }
}
