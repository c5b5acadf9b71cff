import { readFileSync } from 'node:fs';
import { kernelFiles } from '../host/control-group.js';

/** What a forked child has taken so far. */
export interface ChildUsage {
  readonly cpuSeconds: number;
  /** Memory that it does not share with the process it was forked from, bytes. */
  readonly privateBytes: number;
}

export interface ChildUsageReader {
  /** Null once the child has been waited for. */
  read(): ChildUsage | null;
  close(): void;
}

const USUAL_PAGE_BYTES = 4096;
/** Type of the entry of `/proc/self/auxv` that holds the page size (getauxval(3)). */
const AT_PAGESZ = 6n;

/**
 * Reads what the single-threaded child `pid` takes; a read takes 10 µs. The files stay open, so a process that gets the
 * same number later is never read in its place. Linux only: null where `/proc` has no such process.
 *
 * Private memory is an estimate: only `smaps_rollup` has it exactly, and takes 9 ms to read at 0.8 GB. Each page that the
 * child copies or adds is a minor fault, so the number of faults is an upper bound (a page that was released and came back
 * counts twice), and so is all resident memory. A huge page is one fault, too: what became resident since the first
 * reading is a lower bound.
 */
export function openChildUsage(pid: number): ChildUsageReader | null {
  const schedule = kernelFiles.open(`/proc/${pid}/schedstat`);
  const stat = kernelFiles.open(`/proc/${pid}/stat`);
  const memory = kernelFiles.open(`/proc/${pid}/statm`);
  const close = (): void => {
    for (const file of [schedule, stat, memory]) file?.close();
  };
  let firstResident: number | null = null;
  const read = (): ChildUsage | null => {
    const [, resident] = numbers(memory?.read());
    // The name of the program, in brackets, may hold blanks; the third field follows it.
    const fields = stat?.read()?.split(') ').at(-1)?.split(' ') ?? [];
    const [faults, userTicks, systemTicks] = [fields[7], fields[11], fields[12]].map(Number);
    if (resident === undefined || faults === undefined || !Number.isFinite(faults)) return null;
    firstResident ??= resident;
    const [nanoseconds] = numbers(schedule?.read());
    const ticks = ((userTicks ?? 0) + (systemTicks ?? 0)) / 100;
    return {
      cpuSeconds: nanoseconds === undefined ? ticks : nanoseconds / 1e9,
      privateBytes: Math.max(Math.min(faults, resident), resident - firstResident) * pageBytes(),
    };
  };
  if (read() !== null) return { read, close };
  close();
  return null;
}

function numbers(text: string | null | undefined): readonly number[] {
  return text?.trim().split(' ').map(Number) ?? [];
}

let knownPageBytes = 0;

function pageBytes(): number {
  if (knownPageBytes === 0) knownPageBytes = readPageBytes();
  return knownPageBytes;
}

/** Entries are two 64-bit words, type and value; Node's 64-bit builds for Linux are all little-endian but one (s390x). */
function readPageBytes(): number {
  try {
    const vector = readFileSync('/proc/self/auxv');
    for (let at = 0; at + 16 <= vector.length; at += 16) {
      if (vector.readBigUInt64LE(at) === AT_PAGESZ) return Number(vector.readBigUInt64LE(at + 8));
    }
  } catch {
    // The usual size is assumed.
  }
  return USUAL_PAGE_BYTES;
}
