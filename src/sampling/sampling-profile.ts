import type { HeapProfiler } from 'node:inspector';
import { publicAddress } from '../runtime/script-name.js';

/** One function on a stack as V8 tells it: where the function begins, lines and columns from 1. */
export interface StackFrame {
  readonly function: string;
  readonly url: string;
  readonly line: number;
  readonly column: number;
}

/** What one stack has allocated and is still held, bytes, an estimate. */
export interface StackBytes {
  /** The allocating function first; never empty. */
  readonly frames: readonly StackFrame[];
  readonly liveBytes: number;
}

/** What V8 answers. Node's declarations leave out the samples. */
export interface SamplingProfile extends HeapProfiler.SamplingHeapProfile {
  /** Of what is still held; `ordinal` counts from the start of the profiler. */
  readonly samples: readonly { readonly ordinal: number }[];
}

/** V8 keeps a name for every frame, and programs may generate code: names and addresses are cut here. */
const MAX_TEXT = 300;
/** Frames of a stack that are kept, the allocating function first. */
const MAX_FRAMES = 16;
/** Where this package's own scripts lie. */
const OWN_FOLDER = new URL('../', import.meta.url).href;

/** Node's own modules; V8's built-in functions have no address at all. */
const isInternal = (url: string): boolean => url === '' || url.startsWith('node:');

/**
 * The stacks of a profile. Each begins at its first function outside of Node: a Map that grows in `Map.set` and a socket
 * made in `node:net` belong to who called them. Callers inside of Node are left out as well. Stacks that are Node's
 * alone begin with its innermost function; what this package allocates is left out.
 */
export function stacksOf(profile: SamplingProfile): readonly StackBytes[] {
  const stacks: StackBytes[] = [];
  const trail: StackFrame[] = [];
  const walk = (node: HeapProfiler.SamplingHeapProfileNode): void => {
    trail.push(frameOf(node));
    if (node.selfSize > 0) {
      const frames = shownFrames(trail);
      if (frames.length > 0) stacks.push({ frames, liveBytes: node.selfSize });
    }
    for (const child of node.children) walk(child);
    trail.pop();
  };
  walk(profile.head);
  return stacks;
}

/** V8's number of the newest of the samples that are left; numbers begin anew with each start of the profiler. */
export function newestSample(profile: SamplingProfile): number {
  let newest = 0;
  for (const { ordinal } of profile.samples) newest = Math.max(newest, ordinal);
  return newest;
}

function frameOf({ callFrame }: HeapProfiler.SamplingHeapProfileNode): StackFrame {
  const { functionName, url, lineNumber, columnNumber } = callFrame;
  return {
    function: functionName.slice(0, MAX_TEXT) || 'function',
    url: addressOf(url),
    line: lineNumber + 1,
    column: columnNumber + 1,
  };
}

/** Without what follows the path, which may be another at each import, and without the code that is a `data:` address. */
function addressOf(url: string): string {
  const address = publicAddress(url);
  return address.length > MAX_TEXT ? '' : address;
}

/** From the caller down, as the tree has it, to the other way round. */
function shownFrames(trail: readonly StackFrame[]): readonly StackFrame[] {
  const shown: StackFrame[] = [];
  for (let at = trail.length - 1; at >= 0 && shown.length < MAX_FRAMES; at--) {
    const frame = trail[at]!;
    if (isInternal(frame.url)) continue;
    const isOwn = frame.url.startsWith(OWN_FOLDER);
    if (isOwn && shown.length === 0) return [];
    if (!isOwn) shown.push(frame);
  }
  if (shown.length > 0) return shown;
  const inNode = trail.findLast(({ url }) => url !== '');
  return inNode === undefined ? [] : [inNode];
}
