/** Captures itself with much memory outside the heap, or with a heap that is nearly full; its argument is one of KINDS. */
import { getHeapStatistics } from 'node:v8';
import { CAPTURE_LEVELS } from '../../../src/capture/capture-record.js';
import { type Capture, captureUntilDone, childrenLeft, say, smallObjects } from '../captures.js';

const MIB = 2 ** 20;

interface WasmMemory {
  readonly buffer: ArrayBufferLike;
}
type WasmMemoryOptions = { readonly initial: number; readonly maximum: number; readonly shared?: boolean };
/** The library of types for Node.js leaves it out. */
const { WebAssembly } = globalThis as unknown as {
  readonly WebAssembly: { readonly Memory: new (options: WasmMemoryOptions) => WasmMemory };
};

const KINDS: Readonly<Record<string, () => readonly object[]>> = {
  /** A gigabyte, all of it touched. */
  buffers: () => Array.from({ length: 64 }, (_, index) => Buffer.alloc(16 * MIB, index + 1)),
  /** Each memory reserves 8 GiB or more that nobody may touch. */
  wasm: () =>
    Array.from({ length: 6 }, () => {
      const { buffer } = new WebAssembly.Memory({ initial: 16, maximum: 65_536 });
      return new Uint8Array(buffer).fill(7);
    }),
  'shared-memory': () => [
    new Uint8Array(new SharedArrayBuffer(256 * MIB)).fill(3),
    new Uint8Array(new WebAssembly.Memory({ initial: 64, maximum: 1024, shared: true }).buffer).fill(4),
  ],
  /** Run with --max-old-space-size=96. */
  'full-heap': () => {
    const kept: object[] = [];
    while (getHeapStatistics().used_heap_size < 72 * MIB) kept.push(...smallObjects(2000));
    return kept;
  },
};

const kept = KINDS[process.argv[2] ?? '']?.() ?? [];
const sum = checksum();
say({ filled: getHeapStatistics().used_heap_size });
const captures: Capture[] = [];
for (const rung of CAPTURE_LEVELS) captures.push(...(await captureUntilDone(rung)));
const rssMb = Math.round(process.memoryUsage.rss() / MIB);
say({ captures, left: childrenLeft(), changed: checksum() - sum, rssMb });

/** Of what the child could have overwritten. */
function checksum(): number {
  let total = kept.length;
  for (const bytes of kept) {
    if (bytes instanceof Uint8Array) for (let at = 0; at < bytes.length; at += 4096) total += bytes[at] ?? 0;
  }
  return total;
}
