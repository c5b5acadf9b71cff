// A service in the situation named by its first argument: forks, and prints as JSON what came of it.
import { execFileSync, spawn } from 'node:child_process';
import type { EventEmitter } from 'node:events';
import { writeSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { Session } from 'node:inspector/promises';
import { createRequire } from 'node:module';
import { setTimeout as sleep } from 'node:timers/promises';
import { setFlagsFromString, writeHeapSnapshot } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { gzip } from 'node:zlib';
import { CHILD_EXIT } from '../../../src/native/binding.js';
import { binding, inheritance, runJob, startJob } from '../forked-job.js';

const scenarios: Readonly<Record<string, () => Promise<unknown>>> = {
  'child crashes': async () => {
    const { end } = await runJob(() => process.abort());
    return { exitCode: end.exitCode, files: await readdir('.') };
  },

  'child runs out of heap': async () => {
    const { end } = await runJob(() => {
      const kept: unknown[] = [];
      for (;;) kept.push(new Array(1000).fill(kept.length));
    });
    return { crashed: end.exitCode > CHILD_EXIT.signal, files: await readdir('.') };
  },

  'child needs more heap than is left': async () => {
    const { end } = await runJob(() => {
      const kept: unknown[] = [];
      while (kept.length < 10_000) kept.push(new Array(1000).fill(kept.length));
    });
    return end.exitCode;
  },

  // Until it is killed.
  'child goes on': async () => {
    const { child } = await startJob(() => {
      binding().tellLiveBytes(1);
      for (;;);
    });
    while (binding().words(child.page).liveBytes !== 1) await sleep(5);
    writeSync(1, `${JSON.stringify(child.pid)}\n`);
    await sleep(120_000);
    return null;
  },

  'processes are limited': async () => {
    if (process.getuid?.() === 0) process.setuid?.(65534);
    const first = await runJob((output) => writeSync(output, 'forked'));
    const before = inheritance();
    execFileSync('prlimit', [`--pid=${process.pid}`, '--nproc=1:']);
    const refused = await startJob(() => {}).then(
      () => null,
      (error: NodeJS.ErrnoException) => error.code,
    );
    return { first: first.output, refused, kept: inheritance().kept >= 0.9 * before.kept };
  },

  'an addon comes later': async () => {
    const before = await runJob(collect);
    const memwatch = createRequire(import.meta.url)('@airbnb/node-memwatch') as EventEmitter;
    let collections = 0;
    // With a listener each collection queues work for the thread pool, in the child as well.
    memwatch.on('stats', () => void collections++);
    const after = await runJob(collect);
    collect();
    while (collections === 0) await sleep(5);
    return [before.end.exitCode, after.end.exitCode];
  },

  'an inspector is attached': async () => {
    const session = new Session();
    session.connect();
    await session.post('Runtime.enable');
    await session.post('Debugger.enable');
    await session.post('HeapProfiler.startTrackingHeapObjects', { trackAllocations: true });
    await session.post('HeapProfiler.startSampling');
    await session.post('Profiler.enable');
    await session.post('Profiler.start');
    const { end, output } = await runJob(snapshot);
    const { profile } = await session.post('Profiler.stop');
    session.disconnect();
    return { exitCode: end.exitCode, complete: isComplete(output), profiled: profile.nodes.length > 0 };
  },

  'everything is busy': async () => {
    let going = true;
    const churn = async (work: () => Promise<unknown>): Promise<void> => {
      while (going) await work();
    };
    const kept: object[] = [];
    const works = [
      churn(() => new Promise((resolve) => gzip(Buffer.alloc(1 << 18, 7), resolve))),
      churn(() => readFile(process.execPath, { signal: AbortSignal.timeout(5) }).catch(() => null)),
      churn(() => new Promise((resolve) => spawn('true').on('exit', resolve))),
      churn(async () => {
        for (let index = 0; index < 20_000; index++) kept.push({ index });
        if (kept.length > 400_000) kept.length = 0;
        await sleep(1);
      }),
    ];
    const codes: number[] = [];
    for (let time = 0; time < 25; time++) codes.push((await runJob(collect)).end.exitCode);
    going = false;
    await Promise.all(works);
    return codes;
  },

  'it listens for SIGCHLD': async () => {
    let heard = 0;
    process.on('SIGCHLD', () => heard++);
    const ends = [await runJob(() => {}), await runJob(() => {})];
    const spawned = await new Promise((resolve) => spawn('true').on('exit', resolve));
    while (heard === 0) await sleep(5);
    return [...ends.map(({ end }) => end.exitCode), spawned];
  },
};

function collect(): void {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
}

function snapshot(output: number): void {
  writeHeapSnapshot(`/proc/self/fd/${output}`);
}

function isComplete(output: string): boolean {
  return Array.isArray((JSON.parse(output) as { strings: unknown }).strings);
}

const result = await scenarios[process.argv[2]!]!();
process.stdout.write(`${JSON.stringify(result)}\n`, () => process.exit());
