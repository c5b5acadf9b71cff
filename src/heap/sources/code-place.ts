/** Where a function, or the constructor of a class, is defined. */
export interface MemberLocation {
  /** Name of the function or class; `function` when it has none. */
  readonly function: string;
  /** Address of the script as V8 has it. */
  readonly url: string;
  /** From 1. */
  readonly line: number;
  /** From 1. */
  readonly column: number;
}

/** One function on the way to an allocation, in the program's own source where there is a map to it. */
export interface SiteFrame {
  readonly function: string;
  readonly url: string;
  /** From 1. */
  readonly line: number;
  /** From 1. */
  readonly column: number;
  /** The package whose code it is; null means the program's own, or Node's. */
  readonly package: string | null;
}

/** Where surviving memory was allocated. Bytes are estimates of V8's sampling heap profiler. */
export interface AllocationSite extends SiteFrame {
  readonly liveBytes: number;
  /** Since the watching of sites began. */
  readonly growthBytes: number;
  /** From the caller up; bounded. */
  readonly callers: readonly SiteFrame[];
}

/** One frame of a stack as V8 has it, before source maps. Lines and columns from 1. */
export interface RawFrame {
  readonly function: string;
  readonly url: string;
  readonly line: number;
  readonly column: number;
}

export interface RawSite extends RawFrame {
  readonly liveBytes: number;
  readonly growthBytes: number;
  /** From the caller up; bounded. */
  readonly callers: readonly RawFrame[];
}
