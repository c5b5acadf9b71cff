import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { issueToken } from '../../src/options/tokens.js';
import { eventually } from '../support/eventually.js';
import { WatchedProgram } from '../support/watched-program.js';

const MAIN = fileURLToPath(new URL('../../src/cli/main.js', import.meta.url));
const TOKEN = issueToken();
const PLANTED = 'planted-open-sesame';
const REASON = 'orders grow since noon';

describe('A service that lets a person look into it', { timeout: 400_000 }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'leakwatch-repl-'));
  const stateDir = join(folder, 'state');
  const tokenFile = join(folder, 'tokens');
  let program: WatchedProgram;
  let ops = '';
  let app = '';

  before(async () => {
    mkdirSync(stateDir, { mode: 0o700 });
    writeFileSync(tokenFile, `${TOKEN} scope=read,act,eval id=oncall\n`, { mode: 0o600 });
    program = new WatchedProgram('exposes.mjs', [PLANTED], {
      LEAKWATCH_LISTEN: '127.0.0.1:0',
      LEAKWATCH_TOKEN_FILE: tokenFile,
      LEAKWATCH_STATE_DIR: stateDir,
      LEAKWATCH_PACE: 'fast',
      LEAKWATCH_REPL: 'read-only',
      LEAKWATCH_ACKNOWLEDGE_EVAL: 'read-only',
      DATABASE_PASSWORD: `${PLANTED}-environment`,
    });
    ops = await program.opsAddress();
    app = await eventually('the port', () => /running (\d+)/.exec(program.stdout)?.[1]);
  });
  after(async () => {
    await program.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  async function repl(...lines: readonly string[]): Promise<string> {
    const args = [MAIN, 'repl', '--token-file', tokenFile, '--reason', REASON, ops];
    const child = spawn(process.execPath, args, { timeout: 100_000 });
    let output = '';
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (text: string) => {
        output += text;
      });
    child.stdin.end(`${lines.join('\n')}\n`);
    await once(child, 'close');
    return output;
  }

  const served = async () => await (await fetch(`http://127.0.0.1:${app}`)).text();

  /** Asked again if a busy machine did not run the service for 200 ms. */
  async function evaluated(expression: string): Promise<string> {
    for (;;) {
      const output = await repl(expression);
      if (!/^timeout: /m.test(output)) return output;
    }
  }

  it('answers probes and expressions, and shows no secret', async () => {
    const probes = await repl('.modules', '.live Order');
    assert.match(probes, /name: shop\n/);
    assert.match(probes, /count: 3\n/);
    assert.match(await evaluated('shop.orders.size'), /^3$/m);
    const env = await evaluated('host.env.DATABASE_PASSWORD');
    const field = await evaluated('shop.orders.get(1).token');
    assert.match(field, /^\[redacted\]$/m);
    assert.doesNotMatch(probes + env + field, new RegExp(PLANTED));
  });

  it('stays alive and unchanged whatever is evaluated', async () => {
    for (const expression of [
      'host.exit(1)',
      'shop.orders.clear()',
      'shop.add(4)',
      'import("node:fs")',
      'host.kill(host.pid, "SIGKILL")',
      'Promise.resolve().then(() => host.exit(1))',
    ])
      assert.match(await evaluated(expression), /^refused: /m, expression);
    assert.equal(await served(), '3');
  });

  it('is stopped for a moment only by an expression that never ends', async () => {
    const asked = repl('(() => { for (;;); })()');
    let isOver = false;
    const over = asked.then((output) => {
      isOver = true;
      assert.match(output, /^timeout: /m);
    });
    while (!isOver) assert.equal(await served(), '3');
    await over;
    assert.equal(await served(), '3');
  });

  it('keeps a transcript in the audit log', async () => {
    const text = readdirSync(stateDir, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && entry.name.includes('audit'))
      .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'utf8'))
      .join('\n');
    for (const words of [
      'shop.orders.clear()',
      'host.exit(1)',
      REASON,
      '"principal":"oncall"',
      '"countLive"',
    ])
      assert.ok(text.includes(words), words);
  });
});

it('A program whose expressions are not acknowledged runs unwatched, and says why', async () => {
  const program = new WatchedProgram('plain-commonjs.cjs', ['waits'], {
    LEAKWATCH_REPL: 'full',
    LEAKWATCH_ACKNOWLEDGE_EVAL: 'read-only',
  });
  const line = await eventually('the reason', () => /not watching: .*/.exec(program.stderr)?.[0]);
  await program.stop();
  assert.match(line, /LEAKWATCH_ACKNOWLEDGE_EVAL=full/);
});
