import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { closeSync, openSync, readFileSync, readSync, writeSync } from 'node:fs';
import { describe, it } from 'node:test';
import { graphPlan } from '../../../src/capture/graph-plan.js';
import { CHILD_EXIT } from '../../../src/native/binding.js';
import { eventually } from '../../support/eventually.js';
import { seededRandom } from '../../support/seeded-random.js';
import { binding, childrenLeft, startJob, unavailable } from '../forked-job.js';

const CHILDREN = 16;
/** Enough that most children meet some of them: a heap of this size has some millions of words. */
const WORDS = 20_000;
const WORD = 8;
/** V8's pages, and so its mappings, begin at a multiple of this. */
const PAGE = 256 * 1024;
const LIMIT_MS = 20_000;
/** Of the random bytes by which the address of the flag behind them is found. */
const MARK_BYTES = 32;
/** The child writes its own copy of the flag, the test writes into the child's memory. */
const STATE = { working: 0, ready: 1, go: 2 } as const;

interface Mapping {
  readonly begin: number;
  readonly end: number;
}

function mappingsOf(pid: number | 'self'): readonly Mapping[] {
  const mappings: Mapping[] = [];
  for (const [, begin, end] of readFileSync(`/proc/${pid}/maps`, 'utf8').matchAll(
    /^([0-9a-f]+)-([0-9a-f]+) rw-p \S+ \S+ 0 +(?:\[heap\])?$/gm,
  ))
    mappings.push({ begin: Number.parseInt(begin!, 16), end: Number.parseInt(end!, 16) });
  return mappings;
}

/** Outside the heap, so it does not move, and a child has it at the same address. */
function addressOf(mark: Buffer): number {
  const memory = openSync('/proc/self/mem', 'r');
  try {
    for (const { begin, end } of mappingsOf('self')) {
      // Not the bytes that are read here, which have it as well.
      const bytes = Buffer.alloc(end - begin);
      if (readSync(memory, bytes, 0, bytes.length, begin) !== bytes.length) continue;
      const at = bytes.indexOf(mark);
      bytes.fill(0);
      if (at >= 0) return begin + at;
    }
  } finally {
    closeSync(memory);
  }
  return assert.fail('the flag is not in memory');
}

/** False if it ends first: then it has no memory, or none that can be read. */
async function becomesReady(pid: number, address: number): Promise<boolean> {
  const state = Buffer.alloc(1);
  const look = (): 'ready' | 'ended' | null => {
    try {
      const memory = openSync(`/proc/${pid}/mem`, 'r');
      const read = readSync(memory, state, 0, 1, address);
      closeSync(memory);
      if (read === 0) return 'ended';
    } catch {
      return 'ended';
    }
    return state[0] === STATE.ready ? 'ready' : null;
  };
  return (await eventually('the child waits', look)) === 'ready';
}

function setState(pid: number, address: number, state: number): void {
  const memory = openSync(`/proc/${pid}/mem`, 'r+');
  writeSync(memory, Buffer.from([state]), 0, 1, address);
  closeSync(memory);
}

/** Words of V8's heap in another process; a part of them become pointers to elsewhere, lengths, or noise. */
function corrupt(pid: number, seed: number): void {
  const { below } = seededRandom(seed);
  const pages = mappingsOf(pid).filter(({ begin, end }) => begin % PAGE === 0 && end - begin >= PAGE / 2);
  assert.ok(pages.length > 4);
  const memory = openSync(`/proc/${pid}/mem`, 'r+');
  const word = Buffer.alloc(WORD);
  const place = (): number => {
    const { begin, end } = pages[below(pages.length)]!;
    return begin + below((end - begin) / WORD) * WORD;
  };
  try {
    for (let count = 0; count < WORDS; count++) {
      const at = place();
      readSync(memory, word, 0, WORD, at);
      const kind = below(10);
      if (kind < 3) word.writeBigUInt64LE(BigInt(place() + 1));
      else if (kind < 5) word.writeBigUInt64LE(BigInt(below(2 ** 31)) << 32n);
      else if (kind < 7) word[below(WORD)]! ^= 1 << below(WORD);
      else for (let byte = 0; byte < WORD; byte++) word[byte] = below(256);
      writeSync(memory, word, 0, WORD, at);
    }
  } finally {
    closeSync(memory);
  }
}

describe('A heap with corrupted words', { skip: unavailable }, () => {
  it('may end the child that writes it, in time, and never the service', async () => {
    assert.equal(await binding().prepareGraph(), null);
    const kept = Array.from({ length: 50_000 }, (_, index) => ({
      index,
      text: `text ${index}`,
      of: [index],
    }));
    const flag = randomBytes(MARK_BYTES + 1);
    flag[MARK_BYTES] = STATE.working;
    const address = addressOf(flag.subarray(0, MARK_BYTES)) + MARK_BYTES;
    const wait = (output: number): void => {
      const plan = graphPlan(output);
      flag[MARK_BYTES] = STATE.ready;
      while (flag[MARK_BYTES] !== STATE.go);
      binding().writeGraph(plan);
    };
    const ends: number[] = [];
    while (ends.length < CHILDREN) {
      const { child, end, output } = await startJob(wait, { limitMs: LIMIT_MS });
      const ended = Promise.all([end, output]);
      // It may have met a thread of V8 at work, before it comes so far.
      const waits = await Promise.race([becomesReady(child.pid, address), ended.then(() => false)]);
      if (waits) {
        // Stopped, so that it meets what is corrupted in the writer and not in its loop.
        process.kill(child.pid, 'SIGSTOP');
        corrupt(child.pid, ends.length + 1);
        setState(child.pid, address, STATE.go);
        process.kill(child.pid, 'SIGCONT');
      }
      const [{ exitCode, signal }] = await ended;
      assert.equal(signal, 0, 'a crash is an exit code, without a core dump');
      if (waits) ends.push(exitCode);
      else assert.equal(exitCode, CHILD_EXIT.waited);
    }
    const harmed = ends.filter((code) => code === CHILD_EXIT.graph || code > CHILD_EXIT.signal);
    assert.ok(harmed.length > 0, `${ends}`);
    assert.deepEqual(childrenLeft(), []);
    assert.equal(kept.length, 50_000);
  });
});
