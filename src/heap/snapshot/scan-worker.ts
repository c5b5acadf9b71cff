/**
 * The thread that reads a file ahead of the parser and turns the digits of its number sections into numbers. It knows
 * nothing of the format but the two keys before which numbers stand; all else it passes on as the bytes they are.
 */
import { closeSync, openSync, readSync } from 'node:fs';
import { workerData } from 'node:worker_threads';
import { scanNumbers } from './number-section.js';
import { type ScanOrder, ScanRing, SLOT_BYTES } from './scan-ring.js';
import { CLOSE_BRACKET, COMMA } from './section-reader.js';

const KEYS = ['"nodes":[', '"edges":['].map((key) => Buffer.from(key));

const NUMBERS_A_CALL = 1024;

/** Where a number may begin in this chunk, given that the one before ended within numbers; −1 means nowhere. */
function firstNumber(chunk: Buffer, inNumbers: boolean): number {
  if (inNumbers) {
    const comma = chunk.indexOf(COMMA);
    const end = chunk.indexOf(CLOSE_BRACKET);
    return comma >= 0 && (end < 0 || comma < end) ? comma + 1 : -1;
  }
  for (const key of KEYS) {
    const at = chunk.indexOf(key);
    if (at >= 0) return at + key.length;
  }
  return -1;
}

/** A key that lies across two chunks is not seen: then the parser reads that section by itself. */
function endsInNumbers(rest: Buffer, sawNumbers: boolean): boolean {
  const key = Math.max(...KEYS.map((one) => rest.lastIndexOf(one)));
  const close = rest.lastIndexOf(CLOSE_BRACKET);
  return key >= 0 ? key > close : sawNumbers && close < 0;
}

function scanAll(chunk: Uint8Array, numbers: Uint32Array, cursor: Int32Array): void {
  for (let room = 0; cursor[1] === room; ) {
    room = Math.min(room + NUMBERS_A_CALL, numbers.length);
    scanNumbers(chunk, numbers, room, cursor);
    if (room === numbers.length) return;
  }
}

function scanFile({ path, start, memory }: ScanOrder): void {
  const ring = new ScanRing(memory);
  const file = openSync(path, 'r');
  const chunk = Buffer.allocUnsafeSlow(SLOT_BYTES);
  const cursor = new Int32Array(2);
  try {
    // A guess when it begins in the middle; where it is wrong the parser finds numbers that it has no use for, and gives up.
    let inNumbers = start > 0;
    let position = start;
    for (let index = 0; ; index++) {
      const length = readSync(file, chunk, 0, SLOT_BYTES, position);
      position += length;
      const slot = ring.slotToFill(index);
      if (length === 0) {
        ring.end(slot);
        return;
      }
      const bytes = chunk.subarray(0, length);
      const first = firstNumber(bytes, inNumbers);
      cursor[0] = first < 0 ? length : first;
      cursor[1] = 0;
      if (first >= 0) scanAll(bytes, ring.numbers(slot), cursor);
      const [after, numbers] = [cursor[0]!, cursor[1]!];
      inNumbers = endsInNumbers(bytes.subarray(after), first >= 0);
      const prefix = first < 0 ? length : first;
      const rest = first < 0 ? 0 : length - after;
      const out = ring.bytes(slot);
      out.set(bytes.subarray(0, prefix));
      out.set(bytes.subarray(length - rest), prefix);
      ring.publish(slot, prefix, numbers, rest, length);
    }
  } finally {
    closeSync(file);
  }
}

scanFile(workerData as ScanOrder);
