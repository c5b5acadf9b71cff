/** Holds a capture in the middle of its snapshot, says so, and then does what the scenario in its argument is. */
import { once } from 'node:events';
import { isMainThread, Worker, workerData } from 'node:worker_threads';
import { eventually } from '../../support/eventually.js';
import {
  captureUntilDone,
  childrenLeft,
  type HeldCapture,
  holdCapture,
  say,
  smallObjects,
} from '../captures.js';

/** `thread: `: in a worker, which the main thread outlives. */
type Scenario =
  | 'wait'
  | 'exit'
  | 'end'
  | 'stop'
  | 'reader-dies'
  | 'thread:wait'
  | 'thread:exit'
  | 'thread:end';

const scenario = (isMainThread ? process.argv[2] : workerData) as Scenario;
const kept = smallObjects(30_000);

if (isMainThread && scenario.startsWith('thread:')) await outliveWorker();
else await hold();

async function outliveWorker(): Promise<void> {
  const worker = new Worker(new URL(import.meta.url), { workerData: scenario });
  const over = once(worker, 'exit');
  if (scenario === 'thread:wait') {
    const [message] = await once(worker, 'message');
    if (message === 'holding') await worker.terminate();
  }
  await over;
  await eventually('no child of the worker is left', () => childrenLeft().length === 0);
  say({ afterwards: await captureUntilDone('full'), left: childrenLeft() });
}

async function hold(): Promise<void> {
  const stopping = new AbortController();
  const keepsAlive = !scenario.endsWith('end');
  const held = await holdCapture({ signal: stopping.signal, keepsAlive });
  say({ holding: held.childPid, kept: kept.length });
  if (!isMainThread) (await import('node:worker_threads')).parentPort!.postMessage('holding');
  if (scenario.endsWith('exit')) process.exit(3);
  if (scenario.endsWith('end')) return;
  if (scenario === 'stop') stopping.abort();
  if (scenario === 'reader-dies') held.letGo();
  await goOn(held);
}

async function goOn(held: HeldCapture): Promise<void> {
  const ended = await held.ended;
  if (scenario !== 'reader-dies') held.letGo();
  say({ ended, afterwards: await captureUntilDone('full'), left: childrenLeft() });
}
