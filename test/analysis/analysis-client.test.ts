import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { pathToFileURL } from 'node:url';
import { startAnalysis } from '../../src/analysis/analysis-client.js';
import type { AnalysisOptions, AnalysisOutcome } from '../../src/analysis/analysis-outcome.js';
import { drawHeap } from '../support/drawn-heap.js';
import { eventually } from '../support/eventually.js';
import { ManualClock } from '../support/manual-clock.js';

const orders = (count: number) =>
  drawHeap(`
  global: object global 40
  list: object Array 32
  order*${count}: object Order 24
  root -shortcut 1-> global
  global -property orders-> list
  list -element #-> order
`);
const SNAPSHOT = orders(100);
const OPTIONS: AnalysisOptions = {
  previous: null,
  capturedAtMs: 1000,
  timeoutMs: 1,
  clock: new ManualClock(),
};

let folder: string;
/** Nothing of an analysis keeps this process alive, so the test does. */
let alive: NodeJS.Timeout;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'leakwatch-'));
  alive = setInterval(() => {}, 1000);
});
after(async () => {
  clearInterval(alive);
  await rm(folder, { recursive: true });
});

/** A stand-in for the analysis process. */
async function program(name: string, source: string): Promise<URL> {
  const file = join(folder, `${name}.mjs`);
  await writeFile(file, source);
  return pathToFileURL(file);
}

const readsProc = process.platform === 'linux' ? false : 'finds processes and descriptors through /proc';

const HANG = 'setInterval(() => {}, 1000); process.stdin.resume();';

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** What a process that crashed wrote to stderr. */
function lastWords(result: AnalysisOutcome): string {
  assert.ok(result.outcome === 'crashed' && result.cause === 'ended-early', JSON.stringify(result));
  return result.stderr;
}

describe('the analysis process', () => {
  it('analyses what is written into the sink and tells what it cost', async () => {
    const steps: string[] = [];
    const analysis = startAnalysis({ ...OPTIONS, onProgress: (step) => steps.push(step) });
    analysis.sink.end(SNAPSHOT);
    const result = await analysis.result;
    assert.ok(result.outcome === 'success', JSON.stringify(result));
    assert.equal(result.nodes, 103);
    assert.deepEqual(steps, ['parsing', 'linking', 'tracing', 'comparing', 'ranking']);
    assert.ok(result.cpuSeconds > 0);
    assert.ok(result.peakRssBytes > 1 << 20);
  });

  it('carries the series from one analysis to the next', async () => {
    let previous: Uint8Array | null = null;
    for (const snapshots of [1, 2, 3]) {
      const analysis = startAnalysis({ ...OPTIONS, previous });
      analysis.sink.end(SNAPSHOT);
      const result = await analysis.result;
      assert.ok(result.outcome === 'success', JSON.stringify(result));
      assert.equal(result.snapshots, snapshots);
      previous = result.series;
    }
  });

  it('moves earlier times along when the wall clock was set, so that growth keeps its rate', async () => {
    const day = 86_400_000;
    let latest: Extract<AnalysisOutcome, { outcome: 'success' }> | null = null;
    for (const [count, capturedAtMs, clockStepMs] of [
      [5_000, 0, 0],
      [10_000, 60_000, 0],
      [15_000, 2 * day + 120_000, 2 * day],
    ] as const) {
      const previous: Uint8Array | null = latest?.series ?? null;
      const analysis = startAnalysis({ ...OPTIONS, previous, capturedAtMs, clockStepMs });
      analysis.sink.end(orders(count));
      const result = await analysis.result;
      assert.ok(result.outcome === 'success', JSON.stringify(result));
      latest = result;
    }
    const times = latest!.suspects[0]!.steps.map(({ atMs }) => atMs);
    assert.deepEqual(times, [2 * day, 2 * day + 60_000, 2 * day + 120_000]);
  });

  it('reports a snapshot that ends too early', async () => {
    const analysis = startAnalysis(OPTIONS);
    analysis.sink.end(SNAPSHOT.subarray(0, 500));
    const result = await analysis.result;
    assert.ok(result.outcome === 'failure', JSON.stringify(result));
    assert.equal(result.step, 'parsing');
    assert.equal(result.cause.kind, 'format');
  });

  it('gets only the variables that Node may need to start', async () => {
    const entry = await program(
      'environment',
      'throw new Error(JSON.stringify([process.env, process.execArgv]));',
    );
    const environment = {
      NODE_OPTIONS: '--import leakwatch/register',
      NODE_EXTRA_CA_CERTS: '/certificates',
      LEAKWATCH_TOKEN: 'x',
      DATABASE_PASSWORD: 'secret',
      LANG: 'C',
      LD_LIBRARY_PATH: '/opt/node/lib',
      SystemRoot: 'C:/Windows',
    };
    const result = await startAnalysis({ ...OPTIONS, environment, memoryLimitBytes: 77 * 2 ** 20, entry })
      .result;
    const said = lastWords(result);
    assert.match(said, /"LD_LIBRARY_PATH":"\/opt\/node\/lib"/);
    assert.match(said, /"SystemRoot":"C:\/Windows"/);
    assert.match(said, /\["--single-threaded","--max-old-space-size=77"\]/);
    assert.doesNotMatch(said, /LEAKWATCH|NODE_OPTIONS|NODE_EXTRA|PASSWORD|LANG/);
  });

  it('has no more JavaScript heap than memory, in bounds that Node can start with', async () => {
    const entry = await program('bounds', 'throw new Error(process.execArgv.join());');
    for (const [limitMb, heapMb] of [
      [1, 32],
      [300, 300],
      [9000, 1024],
    ] as const) {
      const result = await startAnalysis({ ...OPTIONS, entry, memoryLimitBytes: limitMb * 2 ** 20 }).result;
      assert.match(lastWords(result), new RegExp(`--max-old-space-size=${heapMb}\\b`));
    }
  });

  it('ends when its parent has gone', { skip: readsProc }, async () => {
    const client = new URL('../../src/analysis/analysis-client.js', import.meta.url).href;
    const source = `
      import { startAnalysis } from ${JSON.stringify(client)};
      const analysis = startAnalysis({ previous: null, capturedAtMs: 0, timeoutMs: 60000 });
      analysis.sink.write('{');
      const children = (await import('node:fs')).readFileSync('/proc/self/task/' + process.pid + '/children', 'utf8');
      console.log(children.trim());
      setInterval(() => {}, 1000);
    `;
    const parent = spawn(process.execPath, [(await program('parent', source)).pathname], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [line] = await once(parent.stdout, 'data');
    const pid = Number(String(line).split('\n')[0]);
    assert.ok(isAlive(pid));
    parent.kill('SIGKILL');
    await eventually('the analysis process ended', () => !isAlive(pid));
  });

  it('does not keep its parent alive', async () => {
    const client = new URL('../../src/analysis/analysis-client.js', import.meta.url).href;
    const source = `
      import { startAnalysis } from ${JSON.stringify(client)};
      startAnalysis({ previous: null, capturedAtMs: 0, timeoutMs: 600000 }).sink.write('{');
    `;
    const parent = spawn(process.execPath, [(await program('short', source)).pathname], { stdio: 'ignore' });
    const [code] = await once(parent, 'exit');
    assert.equal(code, 0);
  });
});

describe('the analysis client', () => {
  it('reports a crash with the end of what was said on stderr', async () => {
    const entry = await program('crash', "console.error('x'.repeat(9000) + 'the reason'); process.exit(3);");
    const result = await startAnalysis({ ...OPTIONS, entry }).result;
    assert.ok(result.outcome === 'crashed' && result.cause === 'ended-early', JSON.stringify(result));
    assert.deepEqual([result.exitCode, result.signal], [3, null]);
    assert.match(result.stderr, /^x+the reason$/);
    assert.ok(result.stderr.length <= 2048);
  });

  it('reports a process ended by a signal', async () => {
    const entry = await program('signal', "process.kill(process.pid, 'SIGKILL');");
    const result = await startAnalysis({ ...OPTIONS, entry }).result;
    assert.deepEqual(result, {
      outcome: 'crashed',
      cause: 'ended-early',
      exitCode: null,
      signal: 'SIGKILL',
      stderr: '',
      cpuSeconds: 0,
      peakRssBytes: 0,
    });
  });

  it('kills a process that hangs', async () => {
    const clock = new ManualClock();
    const analysis = startAnalysis({
      ...OPTIONS,
      clock,
      timeoutMs: 5000,
      entry: await program('hang', HANG),
    });
    clock.advance(5000);
    const result = await analysis.result;
    assert.deepEqual(result, {
      outcome: 'timeout',
      cause: 'timeout',
      timeoutMs: 5000,
      cpuSeconds: 0,
      peakRssBytes: 0,
    });
  });

  it('says that the JavaScript heap of the process was too small', async () => {
    const entry = await program('hungry', 'const all = []; for (;;) all.push(new Array(1000).fill({}));');
    const result = await startAnalysis({ ...OPTIONS, entry, memoryLimitBytes: 40 * 2 ** 20 }).result;
    assert.ok(result.outcome === 'crashed' && result.cause === 'heap-exhausted', JSON.stringify(result));
    assert.equal(result.limitBytes, 40 * 2 ** 20);
  });

  it('kills a process that is busy and hears nothing', async () => {
    const line = JSON.stringify({ kind: 'progress', step: 'tracing' });
    const entry = await program('busy', `process.stdout.write('${line}\\n', () => { for (;;); });`);
    await new Promise<void>((busy) => {
      const analysis = startAnalysis({
        ...OPTIONS,
        entry,
        onProgress: () => {
          analysis.kill();
          busy(analysis.result.then(({ outcome }) => assert.equal(outcome, 'cancelled')));
        },
      });
    });
  });

  it('kills a process that never reads, though much was written to it', async () => {
    const clock = new ManualClock();
    const entry = await program('unheeding', 'setInterval(() => {}, 1000);');
    const previous = Buffer.alloc(1 << 22);
    const analysis = startAnalysis({ ...OPTIONS, clock, timeoutMs: 5000, previous, entry });
    for (let written = 0; written < 8; written++) analysis.sink.write(Buffer.alloc(1 << 20));
    clock.advance(5000);
    assert.equal((await analysis.result).outcome, 'timeout');
    await eventually('the sink is destroyed', () => analysis.sink.destroyed);
  });

  it('gives up a process whose pipes are held by another', async () => {
    const line = JSON.stringify({ kind: 'progress', step: 'parsing' });
    const pidFile = join(folder, 'heir');
    const entry = await program(
      'bequeathing',
      `import { spawn } from 'node:child_process';
      import { writeFileSync } from 'node:fs';
      const heir = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], {
        stdio: ['ignore', 'inherit', 'inherit'],
      });
      writeFileSync(${JSON.stringify(pidFile)}, String(heir.pid));
      console.log('${line}');
      ${HANG}`,
    );
    const clock = new ManualClock();
    let hasHeir = false;
    const analysis = startAnalysis({
      ...OPTIONS,
      clock,
      timeoutMs: 1e9,
      entry,
      onProgress: () => {
        hasHeir = true;
      },
    });
    await eventually('the process has an heir', () => hasHeir);
    const heir = Number(await readFile(pidFile, 'utf8'));
    analysis.kill();
    let outcome = '';
    void analysis.result.then((result) => {
      outcome = result.outcome;
    });
    await eventually('the process is given up', () => {
      clock.advance(2500);
      return outcome !== '';
    }).finally(() => process.kill(heir, 'SIGKILL'));
    assert.equal(outcome, 'cancelled');
  });

  it('does not wait for the end of a line that has none', async () => {
    const entry = await program(
      'endless',
      `const more = () => process.stdout.write('x'.repeat(1 << 20), more); more();`,
    );
    const result = await startAnalysis({ ...OPTIONS, entry }).result;
    assert.ok(result.outcome === 'crashed' && result.cause === 'unreadable', JSON.stringify(result));
  });

  it('does not believe garbage', async () => {
    for (const said of [
      'hello',
      '{}',
      '{"kind":"result","cpuSeconds":1,"peakRssBytes":1,"result":{"outcome":"success"}}',
    ]) {
      const entry = await program('garbage', `console.log(${JSON.stringify(said)}); ${HANG}`);
      const result = await startAnalysis({ ...OPTIONS, entry }).result;
      assert.ok(result.outcome === 'crashed' && result.cause === 'unreadable', JSON.stringify(result));
    }
  });

  it('is cancelled by its signal, before and during, and by kill', async () => {
    const entry = await program('hang', HANG);
    const controller = new AbortController();
    const during = startAnalysis({ ...OPTIONS, entry, signal: controller.signal });
    controller.abort();
    const killed = startAnalysis({ ...OPTIONS, entry });
    killed.kill();
    killed.kill();
    const before = startAnalysis({ ...OPTIONS, entry, signal: AbortSignal.abort() });
    for (const { result } of [during, killed, before]) assert.equal((await result).outcome, 'cancelled');
  });

  it('survives writes to a process that has ended', async () => {
    const entry = await program('deaf', 'process.exit(0);');
    const analysis = startAnalysis({ ...OPTIONS, entry });
    const chunk = Buffer.alloc(1 << 20);
    for (let written = 0; written < 8; written++) analysis.sink.write(chunk);
    assert.equal((await analysis.result).outcome, 'crashed');
    await eventually('the sink is destroyed', () => analysis.sink.destroyed);
  });

  it('starts none where descriptors run out, leaks none and goes on', { skip: readsProc }, async () => {
    const client = new URL('../../src/analysis/analysis-client.js', import.meta.url).href;
    const source = `
      import { closeSync, openSync, readdirSync } from 'node:fs';
      import { startAnalysis } from ${JSON.stringify(client)};
      setInterval(() => {}, 1000);
      const options = { previous: Buffer.alloc(100), capturedAtMs: 0, timeoutMs: 60000, memoryLimitBytes: 2 ** 28 };
      const run = async () => {
        const analysis = startAnalysis(options);
        analysis.sink.write('{');
        analysis.kill();
        return await analysis.result;
      };
      await run();
      const before = readdirSync('/proc/self/fd').length;
      const ends = [];
      for (let free = 0; free < 14; free++) {
        const held = [];
        try { for (;;) held.push(openSync('/dev/null')); } catch {}
        for (const descriptor of held.splice(0, free)) closeSync(descriptor);
        const { outcome, cause, message } = await run();
        for (const descriptor of held) closeSync(descriptor);
        ends.push({ outcome, cause, message, leaked: readdirSync('/proc/self/fd').length - before });
      }
      console.log(JSON.stringify(ends));
      process.exit(0);
    `;
    const file = (await program('exhausted', source)).pathname;
    const service = spawn('sh', ['-c', 'ulimit -n 64 && exec "$0" "$@"', process.execPath, file], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let said = '';
    let complained = '';
    service.stdout.on('data', (text) => {
      said += text;
    });
    service.stderr.on('data', (text) => {
      complained += text;
    });
    const [code] = await once(service, 'close');
    assert.equal(code, 0, complained);
    assert.equal(complained, '');
    const ends = JSON.parse(said) as {
      outcome: string;
      cause: string;
      message: string;
      leaked: number;
    }[];
    assert.deepEqual(new Set(ends.map(({ leaked }) => leaked)), new Set([0]), said);
    assert.equal(ends[0]!.cause, 'not-started', said);
    assert.match(ends[0]!.message, /EMFILE/);
    assert.equal(ends.at(-1)!.outcome, 'cancelled', said);
  });

  it('reports a process that cannot be started', async () => {
    const { execPath } = process;
    process.execPath = join(folder, 'no-such-node');
    try {
      const analysis = startAnalysis(OPTIONS);
      analysis.sink.write('{');
      const result = await analysis.result;
      assert.ok(result.outcome === 'crashed' && result.cause === 'not-started', JSON.stringify(result));
    } finally {
      process.execPath = execPath;
    }
  });
});
