import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { OutsideFinding } from '../../../src/findings/outside/outside-finding.js';

const PROGRAM = fileURLToPath(new URL('./programs/outside-program.js', import.meta.url));
/** A fifth of the pace `fast`: the programs' rates are per slot, so that the same happens in less time. */
const SLOT_MS = 1_000;
const SLOTS = 15;
/** A program that does not find what it leaks by then never will. */
const HUNG_MS = 120_000;

interface Judged {
  readonly findings: readonly Pick<OutsideFinding, 'kind' | 'className' | 'status'>[];
}

/** Runs one of the programs until it finds `until`, or for some judgements; its findings as `status kind/type`. */
async function watched(name: string, until = ''): Promise<ReadonlySet<string>> {
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['--expose-gc', PROGRAM, name, String(SLOT_MS), String(SLOTS), until],
    { timeout: HUNG_MS, maxBuffer: 2 ** 26 },
  );
  const judged = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Judged);
  const findings = judged.flatMap((one) => one.findings);
  return new Set(findings.map(({ status, kind, className }) => `${status} ${kind}/${className}`));
}

/** Memory may be a cache that fills, so that a series confirms it late; the graph does so sooner. */
const FOUND: Readonly<Record<string, string>> = {
  'leak watchers': 'confirmed handles/FSEventWrap',
  'leak descriptors': 'confirmed handles/FileDescriptor',
  'leak buffers': 'suspected external/external',
  'leak contexts': 'suspected contexts/NativeContext',
};
/** Only the graph shows who keeps them; the series opens the gate to it. */
const RISING: Readonly<Record<string, string>> = {
  'leak timers': 'Timeout',
  'leak sockets': 'TCPSocketWrap',
  'leak buffers uncollected': 'external',
  'leak certificates': 'native',
};
const HEALTHY = [
  'healthy request timeouts',
  'healthy pool',
  'healthy expiring timers',
  'healthy keep-alive ramp',
  'healthy temporary buffers',
  'healthy contexts',
  'healthy burst',
  'healthy compression',
  'healthy worker',
  'healthy filled buffer',
  'healthy json service',
];

describe('A program that watches what grows outside the graph', { concurrency: 6 }, () => {
  for (const [name, finding] of Object.entries(FOUND)) {
    const skip = name === 'leak descriptors' && process.platform !== 'linux' && 'counts none on this system';
    it(`finds: ${name}`, { skip }, async () => {
      const found = await watched(name, finding);
      assert.ok(found.has(finding));
    });
  }

  for (const [name, type] of Object.entries(RISING)) {
    it(`opens the gate: ${name}`, async () => {
      await assert.doesNotReject(watched(name, `rising ${type}`));
    });
  }

  for (const name of HEALTHY) {
    it(`confirms nothing: ${name}`, async () => {
      const found = await watched(name);
      assert.deepEqual(
        [...found].filter((finding) => finding.startsWith('confirmed')),
        [],
      );
    });
  }
});
