// Prints the CommonJS modules that were loaded before this program ran, and every module that was loaded a second later.
import Module from 'node:module';
import { setTimeout as sleep } from 'node:timers/promises';

const before = Object.keys(Module._cache);
await sleep(1000);
console.log(JSON.stringify({ before, after: [...globalThis.loadedModules, ...Object.keys(Module._cache)] }));
