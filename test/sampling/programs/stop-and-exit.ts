import { createBuiltInSource } from '../../../src/sampling/built-in-source.js';
import { collect, objects, until } from './collect.js';

/** Starts and stops repeatedly, then leaves one source running: the program must end by itself all the same. */
const source = createBuiltInSource('test');
const control = createBuiltInSource('control');
let heard = 0;
let controlHeard = 0;
control.start((events) => {
  controlHeard += events.length;
});
const heardWhile: number[] = [];
const heardAfterStop: number[] = [];
for (let round = 0; round < 3; round++) {
  source.start((events) => {
    heard += events.length;
  });
  const before = heard;
  collect();
  await until(() => heard > before);
  heardWhile.push(heard - before);
  source.stop();
  source.stop();
  const stoppedAt = heard;
  const controlBefore = controlHeard;
  collect();
  await until(() => controlHeard > controlBefore);
  heardAfterStop.push(heard - stoppedAt);
}

/** Stopping leaves nothing behind: what the handler held can be collected. */
async function startAndForget(): Promise<WeakRef<object>> {
  const held = objects(1);
  const brief = createBuiltInSource('brief');
  brief.start(() => held.push({}));
  collect();
  await until(() => held.length > 1);
  brief.stop();
  return new WeakRef(held);
}
const forgotten = await startAndForget();
for (let turn = 0; turn < 100 && forgotten.deref() !== undefined; turn++) {
  await new Promise((resolve) => setImmediate(resolve));
  collect();
}
console.log(JSON.stringify({ heardWhile, heardAfterStop, released: forgotten.deref() === undefined }));
