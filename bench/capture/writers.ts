/** The two writers of full graphs: the addon's own, and V8's generator, each in a forked child of the same service. */
import { formatBytes } from '../../src/runtime/units.js';
import { table } from '../page.js';
import { median, spread } from '../statistics.js';
import { ChildMemory } from './child-memory.js';
import { type Measured, Session } from './session.js';

const WARM_UP_MS = 2000;
const MB = 1e6;
const WRITERS = { fork: 'native', v8: "V8's generator" } as const;
type Writer = keyof typeof WRITERS;

export interface WriterRun {
  readonly writer: Writer;
  readonly heapBytes: number;
  /** The child's peak, as seen from outside. */
  readonly privateBytes: number;
  readonly figures: Measured;
}

/** One service of each size, without load; the writers take turns. */
export async function measureWriters(
  sizes: readonly number[],
  rounds: number,
  failed: (what: string) => void,
): Promise<readonly WriterRun[]> {
  const runs: WriterRun[] = [];
  for (const megabytes of sizes) {
    const session = await Session.start(megabytes, 0);
    try {
      await session.measure({ order: 'rest', ms: WARM_UP_MS });
      for (let round = 0; round < rounds; round++) {
        for (const writer of ['fork', 'v8'] as const) {
          const memory = new ChildMemory(session.pid);
          const figures = await session.measure({ order: 'capture', dumper: writer, rung: 'full' });
          const run = { writer, heapBytes: session.heapBytes, privateBytes: memory.stop(), figures };
          const { record, dumpCpuSeconds } = figures.capture!;
          const what = `${megabytes} MB, full graph, ${WRITERS[writer]}`;
          if (record.outcome === 'success') runs.push(run);
          else failed(`${what}: ${record.outcome}, ${record.reason}`);
          console.log(
            `${what}: ${record.outcome}, written by ${record.writer}, CPU ${dumpCpuSeconds.toFixed(2)} s, ${formatBytes(run.privateBytes)}`,
          );
        }
      }
    } finally {
      await session.end();
    }
  }
  return runs;
}

export function writerSection(runs: readonly WriterRun[]): string {
  const heaps = [...new Set(runs.map(({ heapBytes }) => heapBytes))];
  const rows = heaps.flatMap((heapBytes) => {
    const of = (writer: Writer, value: (run: WriterRun) => number) =>
      runs.filter((run) => run.heapBytes === heapBytes && run.writer === writer).map(value);
    const cpu = ({ figures }: WriterRun) => figures.capture!.dumpCpuSeconds;
    const bytes = ({ privateBytes }: WriterRun) => privateBytes;
    const ratio = (writer: Writer, value: (run: WriterRun) => number) =>
      `1 / ${(median(of('v8', value)) / median(of(writer, value))).toFixed(1)}`;
    return (['fork', 'v8'] as const).map((writer) => [
      `${(heapBytes / MB).toFixed(0)} MB`,
      WRITERS[writer],
      `${spread(of(writer, cpu), 2)} s`,
      ratio(writer, cpu),
      `${spread(
        of(writer, (run) => bytes(run) / MB),
        0,
      )} MB`,
      ratio(writer, bytes),
      median(of(writer, (run) => bytes(run) / heapBytes)).toFixed(2),
      String(median(of(writer, ({ figures }) => figures.capture!.record.nodes))),
    ]);
  });
  return `## Writers of full graphs

The same service without load. The native writer and V8's snapshot generator take turns in forked children; both begin with full
GCs. CPU and private memory are the child's, memory as above. V8 has more nodes because it writes one text for each
number on the heap, and the native writer one for each distinct number.

${table([['heap', 'writer', 'CPU', "of V8's", 'private memory', "of V8's", 'times the heap', 'nodes described'], ...rows])}
`;
}
