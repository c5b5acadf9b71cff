/** A worker thread for every report, which waits for another message when it is done. */
import { Worker } from 'node:worker_threads';
import { repeat } from '../load.js';

const source = `
const { parentPort } = require('node:worker_threads');
parentPort.on('message', (id) => parentPort.postMessage({ id, report: 'x'.repeat(1000) }));
`;

repeat(0.4, (id) => {
  const worker = new Worker(source, { eval: true });
  worker.on('message', () => {});
  worker.postMessage(id);
});
