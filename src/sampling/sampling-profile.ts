import type { HeapProfiler } from 'node:inspector';
import { publicAddress } from '../runtime/script-name.js';

/** One function on a stack as V8 reports it: where the function begins, lines and columns from 1. */
export interface StackFrame {
  readonly function: string;
  readonly url: string;
  readonly line: number;
  readonly column: number;
}

/** Memory that one stack allocated and that is still held, bytes, an estimate. */
export interface StackBytes {
  /** The allocating function first; never empty. */
  readonly frames: readonly StackFrame[];
  readonly liveBytes: number;
}

/** Memory held by one stack, whose callers are the nodes above. */
export interface SampledNode extends HeapProfiler.SamplingHeapProfileNode {
  readonly id: number;
  children: SampledNode[];
}

/** V8's answer. Node's type declarations lack the ids and the samples. */
export interface SamplingProfile extends HeapProfiler.SamplingHeapProfile {
  head: SampledNode;
  /** Samples still held; `ordinal` counts from the start of the profiler, `size` is the bytes that it stands for. */
  readonly samples: readonly { readonly ordinal: number; readonly size: number; readonly nodeId: number }[];
}

/** Everything a profiler holds. */
export interface SampledMemory {
  readonly profile: SamplingProfile;
  /** Id of a stack's node → mean bytes of its objects; null if only bytes are known. */
  readonly objectBytes: ReadonlyMap<number, number> | null;
}

/** V8 keeps a name for every frame, and programs may generate code, so names and addresses are cut. */
const MAX_TEXT = 300;
/** Frames kept per stack, the allocating function first. */
const MAX_FRAMES = 16;
/** Folder of this package's own scripts. */
const OWN_FOLDER = new URL('../', import.meta.url).href;

/** Node's own modules; V8's built-in functions have no address. */
const isInternal = (url: string): boolean => url === '' || url.startsWith('node:');

/**
 * The stacks of a profile. Each begins at its first function outside Node: a Map that grows in `Map.set`, or a socket
 * created in `node:net`, belongs to the caller. Node's functions among the callers are left out as well. A stack
 * entirely in Node begins with its innermost function. Stacks of this package are left out.
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

/** V8's ordinal of the newest remaining sample; ordinals restart with each start of the profiler. */
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

/** Without query and fragment, which may differ for each import, and without the code of a `data:` address. */
function addressOf(url: string): string {
  const address = publicAddress(url);
  return address.length > MAX_TEXT ? '' : address;
}

/** Reverses the order: the tree has callers first, a stack shows the allocating function first. */
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
