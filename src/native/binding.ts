import { closeSync } from 'node:fs';
import { createRequire } from 'node:module';

/** The private anonymous mappings of this process at the time of the scan; opaque, freed by garbage collection. */
export interface Mappings {
  readonly mappings: unique symbol;
}

/** The page of memory shared by parent and child; opaque. */
export interface SharedPage {
  readonly page: unique symbol;
}

export interface ForkOptions {
  readonly mappings: Mappings;
  /** Descriptor that stays open in the child; all others lead to /dev/null there. */
  readonly output: number;
  /** Private memory at which the child gives up, bytes; 0: no limit. */
  readonly allotmentBytes: number;
  /** Time after which the child gives up, milliseconds. */
  readonly limitMs: number;
  /** Of the child, 0 to 19; at 19 it runs only when nothing else needs the core. */
  readonly niceness: number;
  /** If it is 1 the child may not open files, not even to read them: for code that is not ours. */
  readonly sealed?: 0 | 1;
}

export interface ForkedChild {
  readonly pid: number;
  /** How long the calling thread was blocked, milliseconds. */
  readonly blockedMs: number;
  /** The part of it spent in fork(2), milliseconds. */
  readonly forkMs: number;
  /** Mappings that V8 hides from children but this child inherited; and mappings that appeared after the scan and stay inheritable. */
  readonly mappings: number;
  readonly unknownMappings: number;
  readonly page: SharedPage;
}

export interface ChildEnd {
  /** -1 if a signal ended it. */
  readonly exitCode: number;
  /** 0 if it ended by itself. */
  readonly signal: number;
  /** User and system time, seconds. */
  readonly cpuSeconds: number;
}

/** The child's figures in the shared page; readable at any time, also after the child has ended. */
export interface ChildWords {
  /** Its peak private memory, bytes; an upper estimate. */
  readonly peakBytes: number;
  /** Size of the live heap as measured by the child, bytes; 0 until it is measured. */
  readonly liveBytes: number;
  /** Message of the exception that its job threw; empty if it threw none. */
  readonly message: string;
  readonly graph: GraphWords;
}

/** What the native writer of graphs says of its work. */
export interface GraphWords {
  /** See `GRAPH_PROBLEMS`; 0 if it was not asked, or ended without a word. */
  readonly problem: number;
  /** 1 if V8's own visitor gave the roots, 0 if JavaScript did. */
  readonly v8Roots: number;
  /** What a failed check found, and what it expected. */
  readonly found: number;
  readonly expected: number;
  readonly nodes: number;
  readonly edges: number;
  /** Sum of the nodes' own sizes, bytes. */
  readonly selfBytes: number;
  /** The memory that the writer mapped, bytes; it may use less. */
  readonly ownBytes: number;
  /** Words that looked like pointers but led to no object. */
  readonly falseMarks: number;
}

/** Why the native writer gave up; mirrors `GraphProblem` in addon.h, where the first two are not problems. */
export const GRAPH_PROBLEMS = [
  null,
  null,
  'memory',
  'layout',
  'strong-missing',
  'weak-held',
  'names',
  'sizes',
  'sum',
  'counts',
  'output',
] as const;
export type GraphProblem = NonNullable<(typeof GRAPH_PROBLEMS)[number]>;

/** What the native writer is given. All but numbers are objects, whose addresses it reads; it runs no code. */
export interface GraphPlan {
  readonly output: number;
  /** Used heap after the full GC that must come directly before, bytes. */
  readonly usedBytes: number;
  readonly constructorKey: string;
  readonly tagKey: symbol;
  /** `name` if this V8 calls a class by the property of that name where the program has set it; otherwise null. */
  readonly nameKey: string | null;
  /** Objects that show how this version of V8 lays them out. */
  readonly samples: GraphSamples;
  /** Roots, in case V8's cannot be had; and whether to use only these. */
  readonly handed: readonly object[];
  readonly handedOnly: boolean;
  /** Whether this V8 counts a string's characters outside the heap, and none of what lies in read-only memory. */
  readonly countsOutside: boolean;
  /** Its keys are in the graph. */
  readonly strong: WeakMap<object, unknown>;
  /** Its keys, and the values that are objects, are not; one is a function of another vm context, that of the full GC. */
  readonly weak: WeakMap<object, unknown>;
  /** Nor are their targets. */
  readonly refs: readonly WeakRef<object>[];
  /** Pairs: an object, and one that it holds by the name `held`. */
  readonly named: readonly unknown[];
}

export interface GraphSamples {
  readonly map: Map<unknown, unknown>;
  readonly set: Set<unknown>;
  readonly weakMap: WeakMap<object, unknown>;
  /** A dictionary without prototype, and an array that is stored as one. */
  readonly dictionary: object;
  readonly sparse: readonly unknown[];
  readonly global: object;
  readonly plain: object;
  readonly bigint: bigint;
  readonly generator: Generator;
  /** A function that has run, and one of V8's. */
  readonly ran: () => unknown;
  readonly builtin: unknown;
  /** A function of a module that has variables which functions use. */
  readonly inModule: unknown;
  /** Functions of every kind. */
  readonly functions: readonly unknown[];
  /** An object with a private field only. */
  readonly privateHolder: object;
  /** What a WeakRef and a FinalizationRegistry refer to, the token, and the two. */
  readonly target: object;
  readonly token: object;
  readonly ref: WeakRef<object>;
  readonly registry: FinalizationRegistry<number>;
  readonly view: Uint8Array;
  /** Its buffer. */
  readonly buffer: unknown;
}

/**
 * The addon. Functions throw an `Error` whose `code` is the system's (`EAGAIN`, `ENOMEM`; `EBUSY` while another thread
 * forks; …).
 */
export interface NativeBinding extends NativeGraph {
  /** Finds V8's mappings, on a thread of libuv's pool. */
  scan(): Promise<Mappings>;
  /** Forks and returns in the parent. The child runs `job`, ends with it and never returns. */
  fork(options: ForkOptions, job: () => void): ForkedChild;
  /** Null while the child runs; then how it ended, once. Throws if other code has already waited for it. */
  wait(pid: number): ChildEnd | null;
  words(page: SharedPage): ChildWords;
  /** In the child: writes the size of the live heap, bytes, into the shared page. */
  tellLiveBytes(bytes: number): void;
  /** Both ends close on `exec`; writing blocks when the pipe is full. */
  pipe(): { readonly readFd: number; readonly writeFd: number };
  /** Closes one end of a pipe. */
  close(descriptor: number): void;
  /** Bytes waiting in a pipe. */
  waiting(readFd: number): number;
  /** Null, or the first symbol of V8 that this Node does not export but the functions below need. */
  readonly missingSymbol: string | null;
  /** In the child: Maps, Sets, arrays and dictionaries with more than `threshold` members, after a full GC; takes more memory than the heap. */
  largeCollections(threshold: number): object[];
  /**
   * In the child: the same, but only collections reachable from `roots`, at a fiftieth of the cost; null if out of
   * memory. `samples`: objects that show how this version of V8 lays them out. `counting`: counts objects for
   * `census()`, which must follow; until then one object of each hidden class is kept alive.
   */
  walkCollections(
    roots: readonly object[],
    samples: readonly object[],
    threshold: number,
    counting: boolean,
  ): object[] | null;
  /** In the child, from the latest of the two walks: for each hidden class an object of it, the number of its objects and their shallow bytes; last, the number of objects left out. */
  census(): (object | number)[];
}

/** The native writer of graphs. */
export interface NativeGraph {
  /** Looks up what `writeGraph` needs, on a thread of libuv's pool, once; the name of what this Node lacks, or null. */
  prepareGraph(): Promise<string | null>;
  /** In the child, once, after a full GC: writes a `.heapsnapshot`, or ends the child with `CHILD_EXIT.graph`. */
  writeGraph(plan: GraphPlan): void;
}

/** The part of the addon that runs in the service itself. */
export interface NativeSampling {
  /**
   * Starts V8's sampling heap profiler so that reading it forces no GC; stacks have at most `frames` frames. False if
   * this V8 does not export it, or if it is already running.
   */
  startHeapSampling(intervalBytes: number, frames: number): boolean;
  /** Stops it, whoever started it. */
  stopHeapSampling(): void;
  /**
   * What the profiler holds now: three numbers for each stack, the id of its node (as in `HeapProfiler.getSamplingProfile`),
   * estimated bytes and estimated objects. Null if no profiler runs, or if this V8 does not export the function.
   */
  heapSamplingObjects(): Float64Array | null;
}

/** Exit codes of the child; mirrors `ExitCode` in addon.h. */
export const CHILD_EXIT = {
  done: 0,
  waited: 101,
  threw: 102,
  memory: 103,
  time: 104,
  orphaned: 105,
  unable: 106,
  graph: 107,
  /** Plus the signal number. */
  signal: 128,
} as const;

export type BindingChoice =
  | { readonly binding: NativeBinding; readonly reason: null }
  | { readonly binding: null; readonly reason: string };

/** Platforms that the addon is built for. */
const TARGETS = ['linux-x64', 'linux-arm64'];

let loaded: BindingChoice | null = null;

/** The addon for this machine, or why there is none. Never throws. */
export function loadBinding(): BindingChoice {
  loaded ??= load(`${process.platform}-${process.arch}`);
  return loaded;
}

/** The part of the addon for the service itself; null if there is no addon. Never throws. */
export function loadSampling(): NativeSampling | null {
  return loadBinding().binding as (NativeBinding & NativeSampling) | null;
}

/** Closes one end of a pipe that the addon made, wherever it was passed to. */
export function closePipeEnd(descriptor: number): void {
  const { binding } = loadBinding();
  if (binding === null) closeSync(descriptor);
  else binding.close(descriptor);
}

function load(target: string): BindingChoice {
  if (!TARGETS.includes(target)) return absent(`forked captures work only on ${TARGETS.join(' and ')}`);
  try {
    const addon = createRequire(import.meta.url)(`./${target}.node`) as NativeBinding & {
      readonly unsupported: string | null;
    };
    return addon.unsupported === null ? { binding: addon, reason: null } : absent(addon.unsupported);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'MODULE_NOT_FOUND') return absent('the addon was not built (no C++ compiler)');
    return absent(`the addon cannot be loaded: ${message.split('\n')[0]}`);
  }
}

function absent(reason: string): BindingChoice {
  return { binding: null, reason };
}
