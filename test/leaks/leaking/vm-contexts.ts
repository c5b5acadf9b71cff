/** A sandbox for every tenant's script, and the sandboxes are kept. */
import { createContext, runInContext } from 'node:vm';
import { repeat } from '../load.js';

const sandboxes: object[] = [];

repeat(1, (index) => {
  const sandbox = createContext({ tenant: index, result: 0 });
  runInContext('result = tenant + 1', sandbox);
  sandboxes.push(sandbox);
});
