import { availableParallelism, totalmem } from 'node:os';
import { table } from './page.js';
import { type Gain, type SoakJudgement, STEADY_FROM, type Steady } from './soak-judgement.js';
import type { Look, SoakRecord } from './soaked-run.js';
import { median } from './statistics.js';

const KB = 1000;
const MB = 1e6;
const MAX_CLASSES = 6;

/** `docs/benchmarks-soak.md`. */
export function soakPage(records: readonly SoakRecord[], judgement: SoakJudgement): string {
  const healthy = records.filter(({ plan }) => !plan.careless);
  const watched = healthy.filter(({ plan }) => plan.pace !== null);
  const [first] = healthy;
  const { steady, failures } = judgement;
  return `# Half an hour of a healthy service

Written by \`npm run bench -- soak\`; do not edit.

Machine: ${availableParallelism()} cores, ${(totalmem() / 2 ** 30).toFixed(0)} GiB, ${process.platform} ${process.arch}, Node ${process.versions.node}.

An Express service with sessions that expire after three minutes, a cache at its bound, a rate limiter with a sweep,
deadlines, ${first?.plan.load.streams} event streams with a timer each that close and open again, and requests to a second service over sockets
kept alive; ${first?.plan.load.perSecond} requests a second for ${minutes(first?.ranMs ?? 0)} minutes. Three of them run side by side, each with its own load:
watched by \`leakwatch/register\` at pace \`fast\`, at pace \`production\`, and not watched.

Result: ${failures.length === 0 ? '**nothing was confirmed, and no growth of the watcher stands out from its noise.**' : `**failed.** ${failures.join('. ')}.`}

## Findings

${findingsTable(watched)}

The report was read and the metrics were scraped every five seconds. A \`suspected\` finding raises no alert; a finding that was
\`confirmed\` at any time would fail the soak.

${table([['pace', 'states of the watcher, share of the time', 'captures seen', 'longest pause', "watcher's CPU", 'times without an answer'], ...watched.map(watcherRow)])}

## The watcher's own memory

The part of the heap that exists only because leakwatch watches: its objects, its functions' scopes, its modules, and whatever
can be reached only through those, in snapshots of the services. Compiled code and V8's hidden classes are left out. The window of
samples is counted separately: it fills up to 1,200 samples of about 1 KB and is then cut to 600, again and again. The steady time begins after ${STEADY_FROM * 100} % of the
whole. "Gained" is the Theil–Sen slope over the steady time, with its 95 % interval in brackets.

${ownTable(watched, steady)}

The bytes jump with each analysis, so a slow growth below the interval's width would not show. The number of objects does
not jump, but may still rise: some bounded tables take longer than this to fill, such as the points of a trend (768
per series), the allocation sites (2,000) and the moments that findings are judged by (256).

${table([['minute', 'pace', 'own memory', 'objects', 'window', 'live heap', 'more than unwatched', 'service stood still'], ...watched.flatMap((record) => markRows(record, healthy))])}

What grew most between the first mark of the steady time and the last:

${classTable(watched)}

The live heap is everything that survived the full GC that comes with a snapshot. Its difference from the unwatched service
includes the window and what "own memory" leaves out (compiled code, hidden classes, packages that only the watcher
loads, and what Node keeps for the own listener), and also the difference between two services under separate loads. A
service stands still while its snapshot is written. That is caused by the measurement, not by leakwatch, and takes longer when the
machine is busy with other work.

## Figures of the operating system

"First" and "last" are medians of the first and the last sixth of the time.

${table([['service', 'figure', 'first', 'last', 'highest', 'gained in the steady time'], ...healthy.flatMap((record) => systemRows(record, steady))])}

RSS is not judged: V8 sizes its young generation and returns memory as it likes, and each snapshot leaves memory with the
allocator, in all three services alike.

## Would the soak notice a leak?

A fourth service, watched at pace \`fast\` for a few minutes, had a watcher that keeps a copy of each sample. Its own memory
${carelessLine(steady)}, which the same rule ${judgement.noticed ? 'calls growth' : 'does **not** notice'}.
`;
}

function findingsTable(watched: readonly SoakRecord[]): string {
  const rows = watched.flatMap(({ plan, findings }) =>
    findings.map(({ finding, statuses }) => [
      plan.name,
      finding.kind,
      finding.title.replaceAll('|', '\\|'),
      statuses.map(({ status, ms }) => `${status} at ${minutes(ms)}`).join(', '),
    ]),
  );
  if (rows.length === 0) return 'Nothing, at any time, at either pace.';
  return table([['pace', 'kind', 'title', 'each status, minute it was first seen'], ...rows]);
}

function watcherRow({ plan, states, captures, report, unanswered }: SoakRecord): string[] {
  const looks = states.reduce((sum, [, count]) => sum + count, 0);
  const rungs = new Map<string, number>();
  for (const { rung, outcome } of captures) {
    const name = outcome === 'success' ? rung : `${rung} ${outcome}`;
    rungs.set(name, (rungs.get(name) ?? 0) + 1);
  }
  return [
    plan.name,
    states.map(([state, count]) => `${state} ${((count / looks) * 100).toFixed(0)} %`).join(', '),
    [...rungs].map(([name, count]) => `${count} ${name}`).join(', ') || 'none',
    `${Math.max(0, ...captures.map(({ pauseMs }) => pauseMs)).toFixed(1)} ms`,
    `${(report?.watcher.cost.cpuSeconds ?? 0).toFixed(1)} s`,
    String(unanswered),
  ];
}

function ownTable(watched: readonly SoakRecord[], steady: readonly Steady[]): string {
  const rows = watched.map(({ plan, marks }) => {
    const found = steady.find(({ name }) => name === plan.name);
    const own = found?.ownBytes ?? null;
    return [
      plan.name,
      own === null ? '' : kilobytes(own.from),
      own === null ? '' : kilobytes(own.to),
      gainText(own, kilobytes),
      gainText(found?.ownObjects ?? null, String),
      String(Math.max(...marks.map((mark) => mark.own.windowSamples))),
    ];
  });
  return table([
    ['pace', 'at the first mark', 'at the last', 'gained', 'objects gained', 'most samples in the window'],
    ...rows,
  ]);
}

function markRows({ plan, marks }: SoakRecord, all: readonly SoakRecord[]): string[][] {
  const twin = all.find((record) => record.plan.pace === null);
  return marks.map(({ ms, own, liveBytes, pauseMs }, at) => {
    const other = twin?.marks[at];
    return [
      minutes(ms),
      plan.name,
      kilobytes(own.bytes),
      String(own.objects),
      `${own.windowSamples} samples, ${kilobytes(own.windowBytes)}`,
      megabytes(liveBytes),
      other === undefined ? '' : megabytes(liveBytes - other.liveBytes),
      `${(pauseMs / 1000).toFixed(1)} s`,
    ];
  });
}

function classTable(watched: readonly SoakRecord[]): string {
  const rows = watched.flatMap(({ plan, marks, ranMs }) => {
    const before = new Map(marks.find(({ ms }) => ms >= ranMs * STEADY_FROM)?.own.byClass ?? []);
    return (marks.at(-1)?.own.byClass ?? [])
      .map(([name, bytes]) => ({ name, bytes, gained: bytes - (before.get(name) ?? 0) }))
      .sort((a, b) => b.gained - a.gained)
      .slice(0, MAX_CLASSES)
      .map(({ name, bytes, gained }) => [plan.name, name, kilobytes(gained), kilobytes(bytes)]);
  });
  return table([['pace', 'class', 'gained', 'at the last mark'], ...rows]);
}

function systemRows({ plan, looks }: SoakRecord, steady: readonly Steady[]): string[][] {
  const own = steady.find(({ name }) => name === plan.name);
  const sixth = Math.max(1, Math.floor(looks.length / 6));
  const row = (
    figure: string,
    of: (look: Look) => number,
    text: (value: number) => string,
    gained: Gain | null = null,
  ) => [
    plan.name,
    figure,
    text(median(looks.slice(0, sixth).map(of))),
    text(median(looks.slice(-sixth).map(of))),
    text(Math.max(...looks.map(of))),
    gainText(gained, String),
  ];
  return [
    row('RSS', ({ rssBytes }) => rssBytes, megabytes),
    row('descriptors', ({ descriptors }) => descriptors, String, own?.descriptors),
    row('threads', ({ threads }) => threads, String, own?.threads),
    row('processes below it', ({ children }) => children, String, own?.children),
    row('its state and temporary files', ({ diskBytes }) => diskBytes, kilobytes),
  ];
}

function carelessLine(steady: readonly Steady[]): string {
  const broken = steady.find(({ name }) => name === 'careless');
  const own = broken?.ownBytes ?? null;
  if (broken === undefined || own === null) return 'was not measured';
  return `gained ${gainText(own, kilobytes)} in ${broken.minutes.toFixed(1)} minutes`;
}

function gainText(gain: Gain | null, text: (value: number) => string): string {
  return gain === null ? '' : `${text(gain.gained)} (${text(gain.low)} to ${text(gain.high)})`;
}

const kilobytes = (bytes: number) => `${(bytes / KB).toFixed(0)} KB`;
const megabytes = (bytes: number) => `${(bytes / MB).toFixed(1)} MB`;
const minutes = (ms: number) => (ms / 60_000).toFixed(1);
