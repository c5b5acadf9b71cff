import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { pathToFileURL } from 'node:url';
import { type AnalysisOptions, startAnalysis } from '../../src/daemon/analysis-client.js';
import { drawHeap } from '../support/drawn-heap.js';
import { eventually } from '../support/eventually.js';
import { ManualClock } from '../support/manual-clock.js';

const SNAPSHOT = drawHeap(`
  global: object global 40
  list: object Array 32
  order*100: object Order 24
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

const HANG = 'setInterval(() => {}, 1000); process.stdin.resume();';

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
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

  it('reports a snapshot that ends too early', async () => {
    const analysis = startAnalysis(OPTIONS);
    analysis.sink.end(SNAPSHOT.subarray(0, 500));
    const result = await analysis.result;
    assert.ok(result.outcome === 'failure', JSON.stringify(result));
    assert.equal(result.step, 'parsing');
    assert.match(result.reason, /at byte 500: it ends too early/);
  });

  it('gets no variable of ours that would make it watch itself', async () => {
    const entry = await program(
      'environment',
      'throw new Error(JSON.stringify([process.env, process.execArgv]));',
    );
    const environment = { NODE_OPTIONS: '--import leakwatch/register', LEAKWATCH_TOKEN: 'x', LANG: 'C' };
    const result = await startAnalysis({ ...OPTIONS, environment, maxOldSpaceMb: 77, entry }).result;
    assert.ok(result.outcome === 'crashed');
    assert.match(result.reason, /"LANG":"C"/);
    assert.match(result.reason, /\["--max-old-space-size=77"\]/);
    assert.doesNotMatch(result.reason, /LEAKWATCH|NODE_OPTIONS/);
  });

  const readsProc = process.platform === 'linux' ? false : 'finds the process through /proc';

  it('ends when its parent has gone', { skip: readsProc }, async () => {
    const client = new URL('../../src/daemon/analysis-client.js', import.meta.url).href;
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
    const client = new URL('../../src/daemon/analysis-client.js', import.meta.url).href;
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
    assert.ok(result.outcome === 'crashed');
    assert.match(result.reason, /ended with code 3 before its result; it said: x+the reason$/);
    assert.ok(result.reason.length < 2200);
  });

  it('reports a process ended by a signal', async () => {
    const entry = await program('signal', "process.kill(process.pid, 'SIGKILL');");
    const result = await startAnalysis({ ...OPTIONS, entry }).result;
    assert.ok(result.outcome === 'crashed');
    assert.match(result.reason, /was ended by SIGKILL/);
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
      reason: 'the analysis took longer than 5000 ms',
      cpuSeconds: 0,
      peakRssBytes: 0,
    });
  });

  it('does not believe garbage', async () => {
    for (const said of [
      'hello',
      '{}',
      '{"kind":"result","cpuSeconds":1,"peakRssBytes":1,"result":{"outcome":"success"}}',
    ]) {
      const entry = await program('garbage', `console.log(${JSON.stringify(said)}); ${HANG}`);
      const result = await startAnalysis({ ...OPTIONS, entry }).result;
      assert.ok(result.outcome === 'crashed');
      assert.match(result.reason, /not a message of the analysis/);
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

  it('reports a process that cannot be started', async () => {
    const { execPath } = process;
    process.execPath = join(folder, 'no-such-node');
    try {
      const analysis = startAnalysis(OPTIONS);
      analysis.sink.write('{');
      const result = await analysis.result;
      assert.ok(result.outcome === 'crashed');
      assert.match(result.reason, /could not be started/);
    } finally {
      process.execPath = execPath;
    }
  });
});
