import { createRequire } from 'node:module';
import { createBuiltInSource } from '../../../src/sampling/built-in-source.js';
import { chooseGcSource } from '../../../src/sampling/choose-source.js';
import type { GcEvent } from '../../../src/sampling/gc-source.js';
import type { MemwatchModule } from '../../../src/sampling/memwatch-source.js';
import { collect, collectYoung, objects, until } from './collect.js';

/** The native and the built-in source on the same cycles, and what memwatch itself said. */
const load = createRequire(import.meta.url);
const native = chooseGcSource('auto', load, true);
if (native.name === 'node-memwatch') await compare();
else console.log(JSON.stringify({ skipped: native.reason }));

async function compare(): Promise<void> {
  const nativeEvents: GcEvent[] = [];
  const builtInEvents: GcEvent[] = [];
  const said: number[] = [];
  const module = load('@airbnb/node-memwatch') as MemwatchModule;
  const listen = (stats: unknown): void => {
    said.push((stats as { readonly used_heap_size: number }).used_heap_size);
  };
  module.on('stats', listen);
  const builtIn = createBuiltInSource('test');
  native.start((events) => nativeEvents.push(...events));
  builtIn.start((events) => builtInEvents.push(...events));
  const kept: object[][] = [];
  for (let round = 0; round < 24; round++) {
    kept.push(objects(15_000));
    if (round % 3 === 0) collect();
    if (round % 6 === 0) {
      collectYoung();
      collect();
    }
    await new Promise((resolve) => setImmediate(resolve));
  }
  const last = performance.now();
  collect();
  const arrived = (events: readonly GcEvent[]): boolean => events.some((event) => event.startMs >= last);
  await until(() => arrived(nativeEvents) && arrived(builtInEvents));
  native.stop();
  builtIn.stop();
  module.removeListener('stats', listen);
  const listeners =
    'listenerCount' in module && typeof module.listenerCount === 'function'
      ? module.listenerCount('stats')
      : -1;
  console.log(JSON.stringify({ name: native.name, nativeEvents, builtInEvents, said, listeners }));
}
