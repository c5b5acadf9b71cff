import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { describe, it } from 'node:test';

const BINDING = new URL('../../src/native/binding.js', import.meta.url).href;
const START = `const { loadSampling } = await import('${BINDING}');
  if (!loadSampling().startHeapSampling(65536, 16)) process.exit(9);
  globalThis.kept = Array.from({ length: 100_000 }, (_, at) => ({ at }));`;

/** How a program ends that samples allocations, and never stops to. */
const WAYS: Readonly<Record<string, { readonly code: string; readonly status: number }>> = {
  'by itself': { code: START, status: 0 },
  'by process.exit()': { code: `${START}\nprocess.exit(3);`, status: 3 },
  'by an error': { code: `${START}\nthrow new Error('meant');`, status: 1 },
  'after its worker, which samples, too': {
    code: `${START}
      const { Worker } = await import('node:worker_threads');
      const worker = new Worker('(async () => {' + ${JSON.stringify(START)} + '})()', { eval: true });
      worker.on('exit', (code) => { process.exitCode = code; });`,
    status: 0,
  },
};

describe('A program that samples allocations', () => {
  for (const [way, { code, status }] of Object.entries(WAYS)) {
    it(`ends ${way} as it would without`, () => {
      const ended = spawnSync(process.execPath, ['--input-type=module', '--eval', code], {
        encoding: 'utf8',
        timeout: 60_000,
      });
      assert.deepEqual([ended.status, ended.signal], [status, null], ended.stderr);
    });
  }
});
