import { closeSync } from 'node:fs';
import { createRequire } from 'node:module';

/** The forkable mappings of this process as they were at one moment; opaque, freed by garbage collection. */
export interface Mappings {
  readonly mappings: unique symbol;
}

/** What parent and child share; opaque. */
export interface SharedPage {
  readonly page: unique symbol;
}

export interface ForkOptions {
  readonly mappings: Mappings;
  /** Descriptor that stays open in the child; all others lead to /dev/null there. */
  readonly output: number;
  /** Private memory at which the child gives up, bytes; 0: none. */
  readonly allotmentBytes: number;
  /** Time after which the child gives up, milliseconds. */
  readonly limitMs: number;
  /** The child's, 0 to 19; at 19 it runs only when nobody else wants the core. */
  readonly niceness: number;
}

export interface ForkedChild {
  readonly pid: number;
  /** How long the calling thread stood still, milliseconds. */
  readonly blockedMs: number;
  /** Of that in fork(2). */
  readonly forkMs: number;
  /** Mappings that V8 keeps from children and this child got all the same; and those of them that came too late for the scan and stay inheritable. */
  readonly mappings: number;
  readonly unknownMappings: number;
  readonly page: SharedPage;
}

export interface ChildEnd {
  /** -1 where a signal ended it. */
  readonly exitCode: number;
  /** 0 where it ended by itself. */
  readonly signal: number;
  /** User and system, seconds. */
  readonly cpuSeconds: number;
}

/** What the child left in the shared page; readable at any time, also after its death. */
export interface ChildWords {
  /** The most private memory it held, bytes, estimated upwards. */
  readonly peakBytes: number;
  /** Live heap that it found, bytes; 0 until it has. */
  readonly liveBytes: number;
  /** Of the exception its job threw; empty without one. */
  readonly message: string;
}

/**
 * The addon. Functions throw an `Error` whose `code` is the system's (`EAGAIN`, `ENOMEM`, `EBUSY` while another thread
 * forks, …).
 */
export interface NativeBinding {
  /** Finds the mappings of V8, in a thread of libuv's pool. */
  scan(): Promise<Mappings>;
  /** Forks; runs `job` in the child, which ends with it and never returns; goes on in the parent. */
  fork(options: ForkOptions, job: () => void): ForkedChild;
  /** Null while the child runs; its end, once. Throws when somebody else has taken it. */
  wait(pid: number): ChildEnd | null;
  words(page: SharedPage): ChildWords;
  /** In the child: leaves the size of the live heap in the shared page, bytes. */
  tellLiveBytes(bytes: number): void;
  /** Both ends close at `exec`; the write end blocks. */
  pipe(): { readonly readFd: number; readonly writeFd: number };
  /** Closes an end of it. */
  close(descriptor: number): void;
  /** Bytes that wait in a pipe. */
  waiting(readFd: number): number;
  /** Null, or what of V8's exported symbols is not there for the two functions below. */
  readonly missingSymbol: string | null;
  /** In the child: Maps, Sets, arrays and dictionaries with more than `threshold` members, after a full collection; takes more memory than the heap has. */
  largeCollections(threshold: number): object[];
  /**
   * In the child: the same of what `roots` reach, at a fiftieth of the cost; null without memory. `samples`: objects
   * whose insides show how V8 of this version lays them out. `counting`: for `census()`, which must follow; until then an
   * object of each hidden class is held.
   */
  walkCollections(
    roots: readonly object[],
    samples: readonly object[],
    threshold: number,
    counting: boolean,
  ): object[] | null;
  /** In the child: rows of (one object of a hidden class, how many there are, their shallow bytes) of what the latest of the two saw, and last how many objects were left out. */
  census(): (object | number)[];
}

/** What the addon has for the service itself. */
export interface NativeSampling {
  /**
   * Begins V8's sampling heap profiler so that reading it forces no collection; stacks of at most `frames`. False where
   * this V8 has it not, or somebody has begun it already.
   */
  startHeapSampling(intervalBytes: number, frames: number): boolean;
  /** Ends it, whoever began it. */
  stopHeapSampling(): void;
}

/** Exit codes of the child; `ExitCode` of addon.h. */
export const CHILD_EXIT = {
  done: 0,
  waited: 101,
  threw: 102,
  memory: 103,
  time: 104,
  orphaned: 105,
  unable: 106,
  /** Plus the number of the signal. */
  signal: 128,
} as const;

export type BindingChoice =
  | { readonly binding: NativeBinding; readonly reason: null }
  | { readonly binding: null; readonly reason: string };

/** What the addon is built for. */
const TARGETS = ['linux-x64', 'linux-arm64'];

let loaded: BindingChoice | null = null;

/** The addon where there is one for this machine; otherwise why not. Never throws. */
export function loadBinding(): BindingChoice {
  loaded ??= load(`${process.platform}-${process.arch}`);
  return loaded;
}

/** The same addon's other part; null where there is none. Never throws. */
export function loadSampling(): NativeSampling | null {
  return loadBinding().binding as (NativeBinding & NativeSampling) | null;
}

/** Closes an end of a pipe of the addon's, wherever it was handed to. */
export function closePipeEnd(descriptor: number): void {
  const { binding } = loadBinding();
  if (binding === null) closeSync(descriptor);
  else binding.close(descriptor);
}

function load(target: string): BindingChoice {
  if (!TARGETS.includes(target)) return absent(`forked captures exist for ${TARGETS.join(' and ')} only`);
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
