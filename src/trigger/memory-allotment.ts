import { MIB } from '../runtime/units.js';

/** The memory that a capture can use. Bytes. */
export interface MemorySituation {
  /** What can still be allocated before a limit or the host is exhausted; null when unknown. */
  readonly availableBytes: number | null;
  /** The tightest limit of the container; null when none is set. */
  readonly limitBytes: number | null;
  /** Memory expected to be taken elsewhere meanwhile: by the analysis process, and for copies of pages that the service writes to. */
  readonly concurrentBytes: number;
}

/** What a container must keep while a capture runs: a tenth of its limit, and never less than this. */
const MIN_RESERVE_BYTES = 32 * MIB;
const RESERVED_PART = 0.1;
/** A capture takes no more than this if the memory that is left is unknown. On Linux it is known. */
const UNKNOWN_AVAILABLE_BYTES = 1024 * MIB;

/**
 * Memory that stays reserved for the service while a capture runs, bytes: a tenth of the container's limit or, without a
 * limit, of the memory that the host has left. If less is left, no capture starts, and a running one is killed.
 */
export function memoryReserve({
  availableBytes,
  limitBytes,
}: Pick<MemorySituation, 'availableBytes' | 'limitBytes'>): number {
  return Math.max(MIN_RESERVE_BYTES, (limitBytes ?? availableBytes ?? 0) * RESERVED_PART);
}

/**
 * The bytes a dumper, or its child process, may take: what is available, less the reserve, less what others take
 * meanwhile. Zero if nothing is left. Where it is not known what is available it counts as 1 GiB, or as the limit if that is less.
 */
export function memoryAllotment(situation: MemorySituation): number {
  const { availableBytes, limitBytes, concurrentBytes } = situation;
  // A group whose usage cannot be read leaves what the host has, which may be more than the group could ever get.
  const most = Math.min(availableBytes ?? UNKNOWN_AVAILABLE_BYTES, limitBytes ?? Number.POSITIVE_INFINITY);
  return Math.max(0, most - memoryReserve(situation) - concurrentBytes);
}
