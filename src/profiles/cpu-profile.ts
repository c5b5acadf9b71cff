import type { Profiler, Runtime } from 'node:inspector';
import { nextTurn } from '../runtime/clock.js';
import { say } from '../runtime/say.js';
import { frameOf, safeCallFrame } from './frame.js';
import { PprofBuilder } from './pprof.js';
import { originComments, type ProfileOrigin, threadLabel } from './profile-origin.js';

export interface CpuProfile {
  /** As V8 made it; times in microseconds. */
  readonly profile: Profiler.Profile;
  readonly intervalMicros: number;
  /** Epoch milliseconds. */
  readonly startMs: number;
}

/** V8's name for time in which the thread had nothing to do. */
const IDLE = '(idle)';
/** V8's root: the empty stack. */
const ROOT = '(root)';

/** For pprof: all but idle time. */
export async function cpuPprof(
  { profile, intervalMicros, startMs }: CpuProfile,
  origin: ProfileOrigin,
): Promise<Uint8Array> {
  const cpu = { type: 'cpu', unit: 'nanoseconds' };
  const builder = new PprofBuilder({
    types: [{ type: 'samples', unit: 'count' }, cpu],
    period: intervalMicros * 1000,
    periodType: cpu,
    timeMs: startMs,
    durationMs: (profile.endTime - profile.startTime) / 1000,
    comments: [...originComments(origin), say`idle time is left out; time blocked in native code counts`],
    labels: { thread: threadLabel(origin) },
  });
  const { nodes, callers } = await treeOf(profile.nodes);
  const locationOf = createLocations(builder);
  let frames = 0;
  for (const [id, { samples, micros }] of spentPerNode(profile)) {
    if (nodes.get(id)?.callFrame.functionName === IDLE) continue;
    const stack: number[] = [];
    for (let at: number | undefined = id; at !== undefined; at = callers.get(at)) {
      const { callFrame } = nodes.get(at)!;
      if (callFrame.functionName !== ROOT) stack.push(locationOf(callFrame));
    }
    builder.add(stack, [samples, Math.round(micros * 1000)]);
    frames += stack.length;
    if (frames < SLICE) continue;
    frames = 0;
    await nextTurn();
  }
  return await builder.encode();
}

/** Frames or nodes that are looked at in one turn: some milliseconds on the service's thread at most. */
const SLICE = 5000;

/** A function is made safe to print once, since a wide tree has it thousands of times. */
function createLocations(builder: PprofBuilder): (call: Runtime.CallFrame) => number {
  const known = new Map<string, number>();
  return (call) => {
    const key = `${call.scriptId} ${call.lineNumber} ${call.columnNumber} ${call.functionName}`;
    const location = known.get(key) ?? builder.location(frameOf(call));
    known.set(key, location);
    return location;
  };
}

/** Nodes in a piece of JSON: a millisecond or less on the service's thread. */
const PIECE = 500;

/** V8's own format, a `.cpuprofile` for DevTools, in pieces. */
export function* cpuProfileJson({ profile }: CpuProfile): Generator<string> {
  const { nodes, startTime, endTime, samples = [], timeDeltas = [] } = profile;
  yield '{"nodes":[';
  for (let at = 0; at < nodes.length; at += PIECE) {
    const piece = nodes
      .slice(at, at + PIECE)
      .map((node) => ({ ...node, callFrame: safeCallFrame(node.callFrame) }));
    yield `${at === 0 ? '' : ','}${JSON.stringify(piece).slice(1, -1)}`;
  }
  yield `],${JSON.stringify({ startTime, endTime, samples, timeDeltas }).slice(1)}`;
}

/** `nodes`: id → node. `callers`: id of a node → id of its caller's. */
async function treeOf(list: readonly Profiler.ProfileNode[]) {
  const nodes = new Map<number, Profiler.ProfileNode>();
  const callers = new Map<number, number>();
  for (const [at, node] of list.entries()) {
    nodes.set(node.id, node);
    for (const child of node.children ?? []) callers.set(child, node.id);
    if (at % SLICE === SLICE - 1) await nextTurn();
  }
  return { nodes, callers };
}

/** As DevTools does: a sample lasts until the next one. */
function spentPerNode({ samples = [], timeDeltas = [], startTime, endTime }: Profiler.Profile) {
  const spent = new Map<number, { samples: number; micros: number }>();
  let atMicros = startTime;
  for (const [at, id] of samples.entries()) {
    atMicros += timeDeltas[at] ?? 0;
    const micros = Math.max(0, timeDeltas[at + 1] ?? endTime - atMicros);
    const sum = spent.get(id) ?? { samples: 0, micros: 0 };
    spent.set(id, { samples: sum.samples + 1, micros: sum.micros + micros });
  }
  return spent;
}
