/** The thread that reads the edges of a file while another one reads its nodes. */
import { closeSync, openSync, readSync } from 'node:fs';
import { workerData } from 'node:worker_threads';
import { EdgePacker } from './edge-packer.js';
import { type EdgeMemory, EdgeThread, type FoundEdges } from './edge-thread.js';
import { BATCH_RECORDS, NumberSection } from './number-section.js';
import type { SnapshotMeta } from './snapshot-meta.js';

export interface EdgeOrder {
  readonly path: string;
  readonly meta: SnapshotMeta;
  readonly memory: EdgeMemory;
}

const CHUNK_BYTES = 1 << 20;
/** No string of a snapshot holds it, since a quotation mark within a string is escaped; before the nodes stands no such key. */
const KEY = Buffer.from('"edges":[');

function readEdges({ path, meta }: EdgeOrder, thread: EdgeThread): FoundEdges | null {
  const file = openSync(path, 'r');
  const chunk = Buffer.allocUnsafeSlow(CHUNK_BYTES);
  const labels = new Uint32Array(BATCH_RECORDS);
  const packer = new EdgePacker(
    meta,
    () => ({ to: thread.to, toAt: packer.count, labels }),
    (records) => thread.write(labels, records),
  );
  const section = new NumberSection('edges', meta.edgeFields, packer);
  try {
    let openOffset = -1;
    for (let position = 0; ; ) {
      const length = readSync(file, chunk, 0, CHUNK_BYTES, position);
      if (length === 0) return null;
      const bytes = chunk.subarray(0, length);
      let start = 0;
      if (openOffset < 0) {
        const key = bytes.indexOf(KEY);
        if (key < 0) {
          // The key may lie across the end of the chunk.
          position += length <= KEY.length ? length : length - KEY.length;
          continue;
        }
        start = key + KEY.length - 1;
        openOffset = position + start;
      }
      const end = section.consume(bytes, start, position);
      if (section.done) return { openOffset, endOffset: position + end, largestName: packer.largestName };
      position += length;
    }
  } finally {
    closeSync(file);
  }
}

const order = workerData as EdgeOrder;
const thread = new EdgeThread(order.memory);
try {
  const found = readEdges(order, thread);
  if (found === null) thread.fail();
  else thread.finish(found);
} catch {
  // Who waits for us reads the file again by itself, and says what is wrong.
  thread.fail();
}
