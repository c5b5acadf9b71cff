/** Prints the limits that its control groups set it. */
import { readCpuCores } from '../../../src/host/cpu-limit.js';
import { createMemoryLimitReader, readMemoryLimit } from '../../../src/host/memory-limit.js';

const held = [Buffer.alloc(0)];
const reader = createMemoryLimitReader();
const before = reader.read();
held.push(Buffer.alloc(64 * 2 ** 20, 1));
const after = reader.read();
reader.close();
process.stdout.write(
  JSON.stringify({ memory: readMemoryLimit(), before, after, cores: readCpuCores(), held: held.length }),
);
