// Prints the modules that were loaded before this program ran, and those that were loaded a second later.
'use strict';

const all = () => [...globalThis.loadedModules, ...Object.keys(require.cache)];
const before = all();
setTimeout(() => console.log(JSON.stringify({ before, after: all() })), 1000);
