/** Where a function, or the constructor of a class, is defined. */
export interface MemberLocation {
  /** Name of the function or class; `function` if it has none. */
  readonly function: string;
  /** Address of the script, as V8 reports it. */
  readonly url: string;
  /** From 1. */
  readonly line: number;
  /** From 1. */
  readonly column: number;
}

/** One function on the way to an allocation; its place is in the original source if there is a source map. */
export interface SiteFrame extends MemberLocation {
  /** The package that the code belongs to; null for the program's own code and Node's. */
  readonly package: string | null;
}

/** A place where surviving memory was allocated. Bytes are estimates by V8's sampling heap profiler. */
export interface AllocationSite extends SiteFrame {
  readonly liveBytes: number;
  /** Growth since the sampling of sites began. */
  readonly growthBytes: number;
  /** The callers, innermost first; bounded. */
  readonly callers: readonly SiteFrame[];
}

/** One stack frame as V8 reports it, before source maps. */
export type RawFrame = MemberLocation;

export interface RawSite extends RawFrame {
  readonly liveBytes: number;
  readonly growthBytes: number;
  /** The callers, innermost first; bounded. */
  readonly callers: readonly RawFrame[];
}
