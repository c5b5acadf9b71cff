/** Governs a child that grows, both in the control group that this program was started in, and prints what came of it. */
import { once } from 'node:events';
import { Governor } from '../../../src/capture/governor.js';
import { createMemoryLimitReader, readMemoryLimit } from '../../../src/host/memory-limit.js';
import { systemClock } from '../../../src/runtime/clock.js';
import { memoryReserve } from '../../../src/trigger/memory-allotment.js';
import { governed, startProgram } from '../governed-process.js';

const limit = readMemoryLimit();
const child = await startProgram('growing');
const reader = createMemoryLimitReader();
const governor = new Governor({
  clock: systemClock,
  child: governed(child),
  memory: reader.read,
  reserveBytes: memoryReserve(limit),
  allotmentBytes: null,
  timeoutMs: 60_000,
  cpuCores: null,
});
const [, signal] = await once(child, 'exit');
const verdict = governor.end();
reader.close();
process.stdout.write(JSON.stringify({ limit, verdict, signal }));
