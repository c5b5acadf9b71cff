/** A tracer that notes every async resource and forgets to hook its end. */
import { createHook, executionAsyncId } from 'node:async_hooks';
import { repeat } from '../load.js';

interface Resource {
  readonly type: string;
  readonly parent: number;
  readonly stack: string;
}

const resources = new Map<number, Resource>();
createHook({
  init(id, type, parent) {
    if (type === 'Job') resources.set(id, { type, parent, stack: new Error('created here').stack ?? '' });
  },
}).enable();

const { AsyncResource } = await import('node:async_hooks');
repeat(150, (index) => {
  const job = new AsyncResource('Job');
  job.runInAsyncScope(() => executionAsyncId() + index);
});
