import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { it } from 'node:test';

const ROOT = dirname(createRequire(import.meta.url).resolve('leakwatch/package.json'));
/** Whatever a reader or a program of the project sees. */
const SHOWN = ['src', 'docs', 'grafana', 'examples', 'scripts', 'README.md', 'CHANGELOG.md'];
/** Hosts that may be named: this machine, examples (RFC 2606), and the standards and documents we cite. */
const NAMED =
  /^(127\.0\.0\.1|localhost|\[::1\]|INSTANCE|host|pyroscope|([\w.-]+\.)?example(\.org|\.com)?|www\.rfc-editor\.org|datatracker\.ietf\.org|spec\.openapis\.org|grafana\.com)$/;

function filesOf(path: string): readonly string[] {
  if (/\.\w+$/.test(path)) return [path];
  return readdirSync(join(ROOT, path), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name).slice(ROOT.length + 1));
}

it('only package.json may say where the project lives', () => {
  const named = SHOWN.flatMap(filesOf).flatMap((file) =>
    [...readFileSync(join(ROOT, file), 'utf8').matchAll(/\bhttps?:\/\/(\[[\da-f:]+\]|[\w.-]+)/gi)]
      .map(([, host]) => host!)
      .filter((host) => !NAMED.test(host))
      .map((host) => `${file}: ${host}`),
  );
  assert.deepEqual(named, []);
});
