// Forks as many times as it is told to and posts how each ended.
import { writeSync } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';
import { CHILD_EXIT } from '../../../src/native/binding.js';
import { runJob, startJob } from '../forked-job.js';

const { forks, alone } = workerData as { readonly forks: number; readonly alone: boolean };
const mine = { name: 'a worker', length: 7 };
const job = (descriptor: number): void => void writeSync(descriptor, `${mine.name} of ${mine.length}`);

const outcomes: string[] = [];
for (let time = 0; time < forks; time++) outcomes.push(await (alone ? forkUntilDone() : forkOnce()));
parentPort!.postMessage(outcomes);

async function forkUntilDone(): Promise<string> {
  const { end, output } = await runJob(job);
  return end.exitCode === CHILD_EXIT.done ? `done:${output}` : `exit ${end.exitCode}, signal ${end.signal}`;
}

async function forkOnce(): Promise<string> {
  try {
    const started = await startJob(job);
    const [output, { exitCode, signal }] = await Promise.all([started.output, started.end]);
    if (exitCode === CHILD_EXIT.waited) return 'waited';
    return exitCode === CHILD_EXIT.done ? `done:${output}` : `exit ${exitCode}, signal ${signal}`;
  } catch (error) {
    return String((error as NodeJS.ErrnoException).code);
  }
}
