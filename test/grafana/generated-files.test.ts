import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { generatedFiles } from '../../grafana/src/generated-files.js';
import { PACKAGE_ROOT } from './tool.js';

const GENERATE = fileURLToPath(new URL('../../grafana/src/generate.js', import.meta.url));

for (const [path, content] of generatedFiles()) {
  test(`${path} is what its source generates`, async () => {
    assert.equal(await readFile(join(PACKAGE_ROOT, path), 'utf8'), content, 'run npm run generate');
  });
}

test('generating twice gives the same bytes', () => {
  assert.deepEqual(generatedFiles(), generatedFiles());
});

test('generate --check agrees and writes nothing', () => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [GENERATE, '--check'], { encoding: 'utf8' });
  assert.deepEqual({ status, stdout, stderr }, { status: 0, stdout: '', stderr: '' });
});
