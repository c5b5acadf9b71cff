import assert from 'node:assert/strict';
import { readFileSync, readlinkSync, writeSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { describe, it } from 'node:test';
import { getHeapStatistics } from 'node:v8';
import { Worker } from 'node:worker_threads';
import { CHILD_EXIT } from '../../src/native/binding.js';
import { eventually } from '../support/eventually.js';
import {
  binding,
  childrenLeft,
  inheritance,
  openDescriptors,
  runJob,
  startJob,
  unavailable,
} from './forked-job.js';

const MIB = 2 ** 20;

/** In a child `process.pid` is still the parent's number. */
function ownPid(): number {
  return Number(readlinkSync('/proc/self'));
}

function writeAll(descriptor: number, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length; ) at += writeSync(descriptor, bytes, at);
}

describe('A forked child', { skip: unavailable }, () => {
  it('sees the heap as it was, and delivers more than a pipe holds, to the last byte', async () => {
    const pattern = Buffer.from(Array.from({ length: 3 * MIB + 17 }, (_, index) => index % 251));
    const { output, end } = await startJob((descriptor) => writeAll(descriptor, pattern));
    assert.ok((await output).equals(pattern));
    assert.deepEqual(await end.then(({ exitCode, signal }) => [exitCode, signal]), [CHILD_EXIT.done, 0]);
  });

  it('changes nothing in the parent', async () => {
    const kept = { value: 'before' };
    const { output } = await runJob((descriptor) => {
      kept.value = 'changed in the child';
      writeSync(descriptor, kept.value);
    });
    assert.deepEqual([output, kept.value], ['changed in the child', 'before']);
  });

  it('exits with the code `threw` and the message of the exception', async () => {
    const { end, words } = await runJob(() => {
      throw new RangeError('told by the child');
    });
    assert.deepEqual([end.exitCode, words.message], [CHILD_EXIT.threw, 'RangeError: told by the child']);
  });

  it('cuts a message that is too long for the shared page', async () => {
    const { end, words } = await runJob(() => {
      throw new Error('é'.repeat(10_000));
    });
    assert.equal(end.exitCode, CHILD_EXIT.threw);
    assert.match(words.message, /^Error: é{200,}$/);
  });

  it('reports an endless recursion like any other exception', async () => {
    const recurse = (depth: number): number => 1 + recurse(depth + 1);
    const { end, words } = await runJob(() => recurse(0));
    assert.equal(end.exitCode, CHILD_EXIT.threw);
    assert.match(words.message, /^RangeError: Maximum call stack/);
  });

  it('reports a crash by its signal', async () => {
    const { end: aborted } = await runJob(() => process.abort());
    assert.equal(aborted.exitCode, CHILD_EXIT.signal + 6);
    const { end: faulted } = await runJob(() => process.kill(ownPid(), 'SIGSEGV'));
    assert.equal(faulted.exitCode, CHILD_EXIT.signal + 11);
    const { end: killed } = await runJob(() => process.kill(ownPid(), 'SIGKILL'));
    assert.deepEqual([killed.exitCode, killed.signal], [-1, 9]);
  });

  it('does not run the signal handlers of the service', async () => {
    const heard: string[] = [];
    const listener = (): void => void heard.push('SIGUSR2');
    process.on('SIGUSR2', listener);
    try {
      const { end } = await runJob(() => process.kill(ownPid(), 'SIGUSR2'));
      assert.deepEqual([end.exitCode, end.signal], [-1, 12]);
      assert.deepEqual(heard, []);
    } finally {
      process.off('SIGUSR2', listener);
    }
  });

  it('gives up at its memory allotment, and reports how much it used', async () => {
    const { end, words } = await runJob(
      () => {
        const taken: Buffer[] = [];
        for (;;) taken.push(Buffer.alloc(MIB, 1));
      },
      { allotmentBytes: 40 * MIB },
    );
    assert.equal(end.exitCode, CHILD_EXIT.memory);
    assert.ok(words.peakBytes > 40 * MIB, `${words.peakBytes}`);
  });

  it('counts pages of the parent that it overwrites as its own, but not those it only reads', async () => {
    const inherited = Buffer.alloc(64 * MIB, 1);
    const reading = await runJob(() => assert.ok(inherited.every((byte) => byte === 1)));
    assert.ok(reading.words.peakBytes < 32 * MIB, `${reading.words.peakBytes}`);
    const writing = await runJob(() => inherited.fill(2));
    assert.equal(writing.end.exitCode, CHILD_EXIT.done);
    assert.ok(writing.words.peakBytes >= 64 * MIB, `${writing.words.peakBytes}`);
  });

  it('gives up at its time limit, even in a system call', async () => {
    const limits = { limitMs: 100 };
    const { end: busy } = await runJob(() => {
      for (;;);
    }, limits);
    assert.equal(busy.exitCode, CHILD_EXIT.time);
    // Nobody reads: the pipe is full after 64 KiB, for which a busy machine needs more than 100 ms.
    const mappings = await binding().scan();
    const { readFd, writeFd } = binding().pipe();
    const { pid } = binding().fork(
      { mappings, output: writeFd, allotmentBytes: 0, niceness: 19, limitMs: 2000 },
      () => writeAll(writeFd, Buffer.alloc(MIB)),
    );
    const stuck = await eventually('the child ends', () => binding().wait(pid));
    assert.deepEqual([stuck.exitCode, binding().waiting(readFd)], [CHILD_EXIT.time, 65_536]);
    for (const descriptor of [readFd, writeFd]) binding().close(descriptor);
  });

  it('exits with the code `waited` if it would wait for a thread that is gone', async () => {
    const never = new Int32Array(new SharedArrayBuffer(4));
    const { end } = await (await startJob(() => Atomics.wait(never, 0, 0))).end.then((end) => ({ end }));
    assert.equal(end.exitCode, CHILD_EXIT.waited);
    // The slots are changed in the child alone: here waiting works.
    assert.equal(Atomics.wait(never, 0, 0, 1), 'timed-out');
  });

  it('cannot fork itself', async () => {
    const { output, end } = await runJob((descriptor) => {
      try {
        binding().fork(
          { mappings: null as never, output: descriptor, allotmentBytes: 0, niceness: 19, limitMs: 1 },
          () => {},
        );
      } catch (error) {
        writeSync(descriptor, String((error as NodeJS.ErrnoException).code));
      }
    });
    assert.deepEqual([end.exitCode, output], [CHILD_EXIT.done, 'EINVAL']);
    const again = await binding().scan();
    const nested = await runJob((descriptor) => {
      try {
        binding().fork(
          { mappings: again, output: descriptor, allotmentBytes: 0, niceness: 19, limitMs: 1 },
          () => {},
        );
      } catch (error) {
        writeSync(descriptor, String((error as NodeJS.ErrnoException).code));
      }
    });
    assert.deepEqual([nested.end.exitCode, nested.output], [CHILD_EXIT.done, 'EBUSY']);
  });

  it('can be waited for once', async () => {
    const { child, end } = await runJob(() => {});
    assert.equal(end.exitCode, CHILD_EXIT.done);
    assert.throws(() => binding().wait(child.pid), { code: 'ECHILD' });
  });

  it('runs at the lowest priority, and is the first the kernel kills when out of memory', async () => {
    const { output } = await runJob((descriptor) => {
      const stat = readFileSync('/proc/self/stat', 'utf8').split(') ').at(-1)!.split(' ');
      const adjustment = readFileSync('/proc/self/oom_score_adj', 'utf8').trim();
      writeSync(descriptor, JSON.stringify({ nice: stat[16], policy: stat[38], adjustment }));
    });
    assert.deepEqual(JSON.parse(output), { nice: '19', policy: '5', adjustment: '1000' });
  });

  it('writes the size of the live heap into the shared page', async () => {
    const { words } = await runJob(() => binding().tellLiveBytes(getHeapStatistics().used_heap_size));
    assert.ok(words.liveBytes > MIB, `${words.liveBytes}`);
    binding().tellLiveBytes(1);
  });

  it('releases every socket, so that a connection the service closes is closed', async () => {
    const accepted: Socket[] = [];
    const server = createServer((socket) => accepted.push(socket)).listen(0, '127.0.0.1');
    try {
      await eventually('the server listens', () => server.listening);
      const client = connect((server.address() as { port: number }).port, '127.0.0.1');
      let closed = false;
      client.on('error', () => {}).on('close', () => (closed = true));
      client.resume();
      await eventually('the server has accepted', () => accepted.length === 1);
      const { child, end } = await startJob(() => {
        binding().tellLiveBytes(1);
        for (;;);
      });
      try {
        await eventually('the child runs', () => binding().words(child.page).liveBytes === 1);
        accepted[0]!.destroy();
        await eventually('the client hears of it', () => closed);
      } finally {
        process.kill(child.pid, 'SIGKILL');
      }
      assert.equal((await end).signal, 9);
    } finally {
      server.close();
    }
  });

  it("writes nothing to the service's descriptors", async () => {
    const { output, end } = await runJob((descriptor) => {
      for (const other of [0, 1, 2]) assert.equal(readlinkSync(`/proc/self/fd/${other}`), '/dev/null');
      const kept = readlinkSync(`/proc/self/fd/${descriptor}`);
      writeSync(1, 'never seen');
      writeSync(descriptor, kept);
    });
    assert.equal(end.exitCode, CHILD_EXIT.done);
    assert.match(output, /^pipe:/);
  });
});

describe('A process that forks many times', { skip: unavailable }, () => {
  it('has as many descriptors and children afterwards as before', async () => {
    await runJob(() => {});
    const descriptors = openDescriptors();
    for (let time = 0; time < 20; time++) await runJob((descriptor) => writeSync(descriptor, 'x'));
    assert.equal(openDescriptors(), descriptors);
    assert.deepEqual(childrenLeft(), []);
  });

  it('still hides the heap from other children, while it grows', async () => {
    assert.ok(inheritance().kept >= getHeapStatistics().total_heap_size, 'V8 keeps its heap from children');
    const heapBefore = getHeapStatistics().total_heap_size;
    const kept: object[] = [];
    for (let time = 0; time < 30; time++) {
      for (let index = 0; index < 20_000; index++) kept.push({ index, text: `n${index}` });
      const { child, end } = await runJob(() => {});
      assert.equal(end.exitCode, CHILD_EXIT.done);
      assert.ok(child.mappings > 10);
    }
    const after = inheritance();
    const heap = getHeapStatistics().total_heap_size;
    assert.ok(heap > heapBefore + 30 * MIB, `the heap grew to ${heap}`);
    assert.ok(after.kept >= 0.9 * heap, `${after.kept} of ${heap} bytes are kept from children`);
    assert.equal(kept.length, 600_000);
  });
});

describe('Threads that fork', { skip: unavailable }, () => {
  const program = new URL('./programs/forking-worker.js', import.meta.url);

  async function outcomesOf(worker: Worker): Promise<string[]> {
    return await new Promise((resolve, reject) => {
      worker.once('message', resolve).once('error', reject);
    });
  }

  it('may be workers', async () => {
    const outcomes = await outcomesOf(new Worker(program, { workerData: { forks: 10, alone: true } }));
    assert.deepEqual(
      outcomes,
      Array.from({ length: 10 }, () => 'done:a worker of 7'),
    );
  });

  it('take turns: the second is refused, and none crashes', async () => {
    const workers = [1, 2, 3].map(() => new Worker(program, { workerData: { forks: 15, alone: false } }));
    const outcomes = (await Promise.all(workers.map(outcomesOf))).flat();
    assert.equal(outcomes.length, 45);
    const strange = outcomes.filter(
      (outcome) => !['done:a worker of 7', 'EBUSY', 'waited'].includes(outcome),
    );
    assert.deepEqual(strange, []);
    assert.ok(outcomes.filter((outcome) => outcome.startsWith('done')).length >= 15);
  });
});
