/** Captures in the main thread, in its workers, and in all of them at once. */
import { once } from 'node:events';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import {
  type Capture,
  captureUntilDone,
  childrenLeft,
  openDescriptors,
  say,
  smallObjects,
} from '../captures.js';

const CAPTURE_LEVELS = ['probe', 'census', 'sampled', 'full'] as const;

async function captureAll(): Promise<readonly Capture[]> {
  const captures: Capture[] = [];
  for (const rung of CAPTURE_LEVELS) captures.push(...(await captureUntilDone(rung)));
  return captures;
}

if (!isMainThread) {
  const kept = smallObjects(workerData as number);
  await captureUntilDone('probe');
  parentPort!.postMessage('ready');
  await once(parentPort!, 'message');
  parentPort!.postMessage({ captures: await captureAll(), kept: kept.length });
} else {
  const kept = smallObjects(10_000);
  await captureUntilDone('probe');
  const before = openDescriptors();
  const workers = [5_000, 15_000].map(
    (count) => new Worker(new URL(import.meta.url), { workerData: count, stderr: true }),
  );
  let words = '';
  for (const worker of workers) {
    worker.stderr.on('data', (text) => {
      words += String(text);
    });
  }
  const over = workers.map((worker) => once(worker, 'exit'));
  await Promise.all(workers.map((worker) => once(worker, 'message')));
  const answers = workers.map((worker) => once(worker, 'message'));
  for (const worker of workers) worker.postMessage('go');
  const own = await captureAll();
  const theirs = (await Promise.all(answers)).map(([answer]) => (answer as { captures: Capture[] }).captures);
  await Promise.all(over);
  const descriptors = openDescriptors() - before;
  say({ captures: [own, ...theirs], words, descriptors, left: childrenLeft(), kept: kept.length });
}
