import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { after, afterEach, before, describe, it } from 'node:test';
import { startAnalysis } from '../../src/analysis/analysis-client.js';
import type { AnalysisHandle, AnalysisOptions } from '../../src/analysis/analysis-outcome.js';
import { drawHeap } from '../support/drawn-heap.js';
import { eventually } from '../support/eventually.js';
import { ManualClock } from '../support/manual-clock.js';

const MIB = 2 ** 20;
const SNAPSHOT = drawHeap(`
  global: object global 40
  list: object Array 32
  order*1000: object Order 24
  root -shortcut 1-> global
  global -property orders-> list
  list -element #-> order
`);
const OPTIONS: AnalysisOptions = {
  previous: null,
  capturedAtMs: 1000,
  timeoutMs: 1,
  clock: new ManualClock(),
};
const ELSEWHERE = process.platform === 'linux' ? false : 'looks at the process through /proc';

/** Nothing of an analysis keeps this process alive, so the test does. */
let alive: NodeJS.Timeout;
let descriptors: number;
const uncaught: unknown[] = [];
const onUncaught = (error: unknown) => uncaught.push(error);

before(async () => {
  alive = setInterval(() => {}, 1000);
  process.on('uncaughtException', onUncaught).on('unhandledRejection', onUncaught);
  // The first child makes Node open what it keeps for all others.
  const first = startAnalysis(OPTIONS);
  first.kill();
  await first.result;
  descriptors = ELSEWHERE === false ? openDescriptors() : 0;
});
afterEach(async () => {
  assert.deepEqual(uncaught, []);
  if (ELSEWHERE !== false) return;
  // A zombie is still a child.
  await eventually('no process is left', () => children().length === 0);
  await eventually('no descriptor is left', () => openDescriptors() === descriptors);
});
after(() => {
  clearInterval(alive);
  process.off('uncaughtException', onUncaught).off('unhandledRejection', onUncaught);
});

const openDescriptors = (): number => readdirSync('/proc/self/fd').length;

function children(): readonly number[] {
  const text = readFileSync(`/proc/self/task/${process.pid}/children`, 'utf8');
  return text.trim().split(' ').filter(Boolean).map(Number);
}

/** An analysis in the midst of its parsing, and its process. */
async function midParse(): Promise<{ readonly analysis: AnalysisHandle; readonly pid: number }> {
  let parsing = false;
  const analysis = startAnalysis({
    ...OPTIONS,
    onProgress: () => {
      parsing = true;
    },
  });
  analysis.sink.write(SNAPSHOT.subarray(0, SNAPSHOT.length / 2));
  await eventually('it parses', () => parsing);
  const [pid] = children();
  assert.ok(pid !== undefined);
  return { analysis, pid };
}

/** A snapshot that is small by its header and long by the names of its objects; without its end. */
function* longNames(objects: number): Generator<string> {
  const [head, rest] = Buffer.from(SNAPSHOT).toString().split('"nodes":') as [string, string];
  const { snapshot } = JSON.parse(`${head.trim().replace(/,$/, '')}}`) as {
    snapshot: {
      node_count: number;
      edge_count: number;
      meta: { node_fields: string[]; node_types: [string[]] };
    };
  };
  assert.ok(rest.startsWith('['));
  const type = snapshot.meta.node_types[0].indexOf('object');
  snapshot.node_count = objects;
  snapshot.edge_count = 0;
  yield `{"snapshot":${JSON.stringify(snapshot)},"nodes":[`;
  for (let node = 0; node < objects; node++) {
    const fields = { type, name: node, id: node + 1, self_size: 16 } as Record<string, number>;
    yield (node === 0 ? '' : ',') + snapshot.meta.node_fields.map((field) => fields[field] ?? 0).join();
  }
  yield '],"edges":[],"trace_function_infos":[],"trace_tree":[],"samples":[],"locations":[],"strings":["a"';
  for (let name = 1; name < objects; name++) yield `,"${`${name}-`.padEnd(180, 'x')}"`;
}

describe('the analysis process', () => {
  it('steps back behind the service with every one of its threads', { skip: ELSEWHERE }, async () => {
    const { analysis, pid } = await midParse();
    for (const thread of readdirSync(`/proc/${pid}/task`)) {
      const stat = readFileSync(`/proc/${pid}/task/${thread}/stat`, 'utf8');
      // Behind the name, which may hold spaces, `nice` is the 17th field.
      assert.equal(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[16], '19', stat);
    }
    assert.equal(readFileSync(`/proc/${pid}/oom_score_adj`, 'utf8').trim(), '1000');
    analysis.kill();
    await analysis.result;
  });

  it('fails when it needs more memory than it may take, before it begins', async () => {
    const analysis = startAnalysis({ ...OPTIONS, memoryLimitBytes: 10 * MIB });
    analysis.sink.end(SNAPSHOT);
    const result = await analysis.result;
    assert.ok(result.outcome === 'failure', JSON.stringify(result));
    assert.equal(result.step, 'parsing');
    assert.equal(result.cause.kind === 'memory' && result.cause.limitBytes, 10 * MIB);
    assert.ok(result.peakRssBytes > 10 * MIB);
  });

  it('fails when it outgrows its memory while the snapshot still arrives', { timeout: 120_000 }, async () => {
    const analysis = startAnalysis({ ...OPTIONS, memoryLimitBytes: 140 * MIB });
    let ended = false;
    void analysis.result.then(() => {
      ended = true;
    });
    let batch = '';
    for (const text of longNames(800_000)) {
      batch += text;
      if (batch.length < MIB) continue;
      const taken = analysis.sink.write(batch);
      batch = '';
      if (!taken) await eventually('it reads on', () => ended || !analysis.sink.writableNeedDrain);
      if (ended) break;
    }
    // Never ended by us: what ends it is its memory alone.
    const result = await analysis.result;
    assert.ok(result.outcome === 'failure', JSON.stringify(result));
    assert.equal(result.step, 'parsing');
    assert.equal(result.cause.kind === 'memory' && result.cause.limitBytes, 140 * MIB);
    assert.ok(result.peakRssBytes < 280 * MIB, `${result.peakRssBytes}`);
  });

  it('is cancelled in the midst of its parsing', { skip: ELSEWHERE }, async () => {
    const { analysis, pid } = await midParse();
    analysis.kill();
    const result = await analysis.result;
    assert.deepEqual([result.outcome, 'cause' in result && result.cause], ['cancelled', 'cancelled']);
    assert.ok(!existsSync(`/proc/${pid}`));
  });

  for (const signal of ['SIGSEGV', 'SIGABRT', 'SIGKILL', 'SIGTERM'] as const) {
    it(`is a crash and no more to the service when ${signal} ends it`, { skip: ELSEWHERE }, async () => {
      const { analysis, pid } = await midParse();
      process.kill(pid, signal);
      const result = await analysis.result;
      assert.ok(result.outcome === 'crashed', JSON.stringify(result));
      assert.deepEqual(
        result.cause === 'ended-early' && [result.signal, result.exitCode],
        [signal, null],
        JSON.stringify(result),
      );
      analysis.sink.write(SNAPSHOT);
      await eventually('the sink is destroyed', () => analysis.sink.destroyed);
    });
  }
});
