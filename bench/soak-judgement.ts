import { theilSen } from '../src/trend/theil-sen.js';
import type { Look, Mark, SoakRecord } from './soaked-run.js';

/** Everything before is warm-up: modules load, caches and windows begin to fill. A fraction of the whole time. */
export const STEADY_FROM = 0.15;
/** Growth over the whole steady time. Less is indistinguishable from what is in progress at the moment of a mark. */
const OWN_LIMIT_BYTES = 64 * 1024;
const DESCRIPTOR_LIMIT = 4;
/** Graphs that must have been compared at pace `fast`: on a machine so busy that captures fail, silence proves nothing. */
const LEAST_GRAPHS = 4;
/** The window keeps between half of this and all of it. */
const WINDOW_SAMPLES = 1200;

/** Over the steady time: from the Theil–Sen slope, with the ends of its 95 % interval. */
export interface Gain {
  readonly from: number;
  readonly to: number;
  readonly gained: number;
  readonly low: number;
  readonly high: number;
}

export interface Steady {
  readonly name: string;
  readonly minutes: number;
  /** Null with fewer than two marks. */
  readonly ownBytes: Gain | null;
  /** Steadier than the bytes, which jump with each analysis; not judged, because bounded tables are still filling. */
  readonly ownObjects: Gain | null;
  readonly descriptors: Gain | null;
  readonly threads: Gain | null;
  readonly children: Gain | null;
}

export interface SoakJudgement {
  readonly steady: readonly Steady[];
  /** Why the soak failed; empty if it passed. */
  readonly failures: readonly string[];
  /** Whether the growth of the deliberately broken watcher was noticed. */
  readonly noticed: boolean;
}

export function judgeSoak(records: readonly SoakRecord[]): SoakJudgement {
  const healthy = records.filter(({ plan }) => !plan.careless);
  const careless = records.find(({ plan }) => plan.careless);
  const noticed = careless !== undefined && ownGrowth(steadyOf(careless)) !== null;
  const failures = healthy.flatMap(failuresOf);
  if (!noticed) failures.push('a watcher that keeps every sample went unnoticed: the soak proves nothing');
  return { steady: records.map(steadyOf), failures, noticed };
}

function failuresOf(record: SoakRecord): string[] {
  const { plan, findings, marks, load, trouble } = record;
  const failures: string[] = [];
  const fail = (words: string) => failures.push(`${plan.name}: ${words}`);
  if (trouble !== null) fail(trouble);
  if (load === null || load.failed > 0) fail(`${load?.failed ?? 'all'} requests failed`);
  if (plan.pace === null) return failures;
  for (const { finding, statuses } of findings) {
    const confirmed = finding.confirmedAt !== null || statuses.some(({ status }) => status === 'confirmed');
    if (confirmed) fail(`confirmed ${finding.id}, ${finding.title}`);
  }
  if (plan.pace === 'fast' && graphsOf(record) < LEAST_GRAPHS)
    fail(`only ${graphsOf(record)} captures succeeded`);
  const steady = steadyOf(record);
  const grown = ownGrowth(steady);
  if (grown !== null) fail(grown);
  if ((steady.descriptors?.low ?? 0) > DESCRIPTOR_LIMIT) fail('its descriptors grew');
  if (marks.some(({ own }) => own.bytes === 0)) fail('none of its own memory was found in its heap');
  if (marks.some(({ own }) => own.windowSamples > WINDOW_SAMPLES))
    fail('its sample window exceeded its bound');
  return failures;
}

function graphsOf({ captures }: SoakRecord): number {
  const graphs = captures.filter(({ rung }) => rung === 'sampled' || rung === 'full');
  return graphs.filter(({ outcome }) => outcome === 'success').length;
}

function ownGrowth({ ownBytes }: Steady): string | null {
  if (ownBytes !== null && ownBytes.low <= OWN_LIMIT_BYTES) return null;
  return ownBytes === null
    ? 'there are too few marks'
    : `the watcher itself grew by ${ownBytes.gained} bytes`;
}

function steadyOf({ plan, looks, marks, ranMs }: SoakRecord): Steady {
  const fromMs = ranMs * STEADY_FROM;
  const steadyLooks = looks.filter(({ ms }) => ms >= fromMs);
  const gainOf = (figure: (look: Look) => number) => gain(steadyLooks, figure);
  const steadyMarks = marks.filter(({ ms }) => ms >= fromMs);
  return {
    name: plan.name,
    minutes: (ranMs - fromMs) / 60_000,
    ownBytes: gain(steadyMarks, ({ own }: Mark) => own.bytes),
    ownObjects: gain(steadyMarks, ({ own }: Mark) => own.objects),
    descriptors: gainOf(({ descriptors }) => descriptors),
    threads: gainOf(({ threads }) => threads),
    children: gainOf(({ children }) => children),
  };
}

function gain<T extends { readonly ms: number }>(
  points: readonly T[],
  figure: (point: T) => number,
): Gain | null {
  const slope = theilSen(points.map((point) => ({ ms: point.ms, bytes: figure(point) })));
  const [first, last] = [points[0], points.at(-1)];
  if (slope === null || first === undefined || last === undefined) return null;
  const over = (perSecond: number) => Math.round((perSecond * (last.ms - first.ms)) / 1000);
  return {
    from: figure(first),
    to: figure(last),
    gained: over(slope.bytesPerSecond),
    low: over(slope.low),
    high: over(slope.high),
  };
}
