/** A message channel for every job, whose ports are never closed. */
import { MessageChannel } from 'node:worker_threads';
import { prose, repeat } from '../load.js';

interface Job {
  readonly id: number;
  readonly payload: string;
  result: number | null;
}

repeat(25, (id) => {
  const { port1, port2 } = new MessageChannel();
  const job: Job = { id, payload: prose(4000, id), result: null };
  port1.on('message', (result: number) => {
    job.result = result;
  });
  port2.on('message', (input: number) => port2.postMessage(input * 2));
  port1.postMessage(id);
});
