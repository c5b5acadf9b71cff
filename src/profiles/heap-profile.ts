import type { HeapProfiler } from 'node:inspector';
import { say } from '../runtime/say.js';
import type { OwnSamples } from '../sampling/allocation-profiler.js';
import type { SampledNode } from '../sampling/sampling-profile.js';
import { frameOf, safeCallFrame } from './frame.js';
import { PprofBuilder, type PprofHead } from './pprof.js';
import { originComments, type ProfileOrigin, threadLabel } from './profile-origin.js';

/** Memory by the stack that allocated it. */
export interface HeapProfile {
  readonly samples: OwnSamples;
  /** Number of samples that count. */
  readonly count: number;
  /** Id of a node → bytes. */
  readonly bytesOf: (node: SampledNode) => number;
  /** Ordinals of the samples that count: those after it. */
  readonly after: number;
  readonly atMs: number;
  /** 0 for a profile of a moment. */
  readonly durationMs: number;
}

/** Everything that is sampled and that no GC has freed. */
export function liveMemory(samples: OwnSamples, atMs: number): HeapProfile {
  const count = samples.profile.samples.length;
  return { samples, count, bytesOf: ({ selfSize }) => selfSize, after: 0, atMs, durationMs: 0 };
}

/** Of that, memory allocated after the sample `after`. */
export function allocatedAfter(
  samples: OwnSamples,
  after: number,
  atMs: number,
  durationMs: number,
): HeapProfile {
  const bytes = new Map<number, number>();
  const later = samples.profile.samples.filter(({ ordinal }) => ordinal > after);
  for (const { size, nodeId } of later) bytes.set(nodeId, (bytes.get(nodeId) ?? 0) + size);
  return { samples, count: later.length, bytesOf: ({ id }) => bytes.get(id) ?? 0, after, atMs, durationMs };
}

/** For pprof. Objects are bytes by the mean size of the objects that the same stack holds. */
export async function heapPprof(profile: HeapProfile, origin: ProfileOrigin): Promise<Uint8Array> {
  const { samples, bytesOf, atMs, durationMs } = profile;
  const { objectBytes, intervalBytes, sinceMs } = samples;
  const space = { type: 'inuse_space', unit: 'bytes' };
  const objects = { type: 'inuse_objects', unit: 'count' };
  const head: PprofHead = {
    types: objectBytes === null ? [space] : [objects, space],
    period: intervalBytes,
    periodType: { type: 'space', unit: 'bytes' },
    timeMs: atMs - durationMs,
    durationMs,
    comments: [
      ...originComments(origin),
      durationMs === 0
        ? say`memory allocated since ${new Date(sinceMs).toISOString()} and not freed by a GC, estimated from samples`
        : say`memory allocated during the profile and not freed by a GC by its end, estimated from samples`,
    ],
    labels: { thread: threadLabel(origin) },
  };
  const builder = new PprofBuilder(head);
  const walk = (node: SampledNode, callers: readonly number[]): void => {
    // V8's root is the empty stack, and holds what no JavaScript allocated.
    const stack = [builder.location(frameOf(node.callFrame)), ...callers];
    const bytes = bytesOf(node);
    if (bytes > 0) {
      const mean = objectBytes?.get(node.id) ?? bytes;
      builder.add(
        stack,
        objectBytes === null ? [bytes] : [Math.max(1, Math.round(bytes / mean)), Math.round(bytes)],
      );
    }
    for (const child of node.children) walk(child, stack);
  };
  const { head: root } = samples.profile;
  if (bytesOf(root) > 0) walk({ ...root, children: [] }, []);
  for (const child of root.children) walk(child, []);
  return await builder.encode();
}

/** V8's own format, a `.heapprofile` for DevTools. */
export function heapProfileJson({ samples, bytesOf, after }: HeapProfile): string {
  const copy = (node: SampledNode): SampledNode => ({
    callFrame: safeCallFrame(node.callFrame),
    selfSize: bytesOf(node),
    id: node.id,
    children: node.children.map(copy),
  });
  const { profile } = samples;
  const head: HeapProfiler.SamplingHeapProfileNode = copy(profile.head);
  return JSON.stringify({ head, samples: profile.samples.filter(({ ordinal }) => ordinal > after) });
}
