import { createRequire } from 'node:module';

/** Version of this package; `unknown` where a bundler left the package file behind. */
export function packageVersion(): string {
  try {
    const manifest: unknown = createRequire(import.meta.url)('leakwatch/package.json');
    const { version } = manifest as { readonly version?: unknown };
    return typeof version === 'string' ? version : 'unknown';
  } catch {
    return 'unknown';
  }
}
