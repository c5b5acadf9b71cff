import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, chownSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { describe, it } from 'node:test';
import { CommandError } from '../../src/cli/command.js';
import { findToken, type PromptInput, type TokenSources } from '../../src/cli/ops-token.js';
import { issueToken } from '../../src/options/tokens.js';
import { MAIN } from './command-line.js';
import { SnapshotFolder } from './snapshot-folder.js';

const ROOT = dirname(createRequire(import.meta.url).resolve('leakwatch/package.json'));
const TERMINAL = join(ROOT, 'test', 'cli', 'programs', 'terminal.py');
const folder = new SnapshotFolder();
const token = issueToken();
const other = issueToken();
let files = 0;

function file(content: string, mode = 0o600): string {
  const path = folder.write(`token-${files++}`, content);
  chmodSync(path, mode);
  return path;
}

/** A terminal on which a person types these pieces. */
function typing(...pieces: readonly string[]): { readonly input: PromptInput; readonly modes: boolean[] } {
  const modes: boolean[] = [];
  let listener = (_: string): void => {};
  return {
    modes,
    input: {
      isTTY: true,
      setRawMode: (raw) => modes.push(raw),
      setEncoding: () => {},
      resume: () =>
        setImmediate(() => {
          for (const piece of pieces) listener(piece);
        }),
      pause: () => {},
      on: (_, take) => {
        listener = take;
      },
      off: () => {
        listener = () => {};
      },
    },
  };
}

function find(sources: Partial<TokenSources>): Promise<string | null> {
  const { input } = typing();
  return findToken({
    file: null,
    environment: {},
    input: { ...input, isTTY: false },
    output: { write: () => {} },
    optional: false,
    ...sources,
  });
}

async function refused(sources: Partial<TokenSources>, words: RegExp): Promise<void> {
  await assert.rejects(find(sources), (error) => {
    assert.ok(error instanceof CommandError);
    assert.match(error.message, words);
    assert.ok(!error.message.includes(token.slice(4, 20)));
    return true;
  });
}

describe('The token of a client', () => {
  it('is the first word of the first line of a token file that is not a comment', async () => {
    assert.equal(
      await find({ file: file(`# mine\n\n  ${token} scope=read expires=2027-01-01\n${other}\n`) }),
      token,
    );
  });

  it('comes from --token-file before the environment, and there from LEAKWATCH_TOKEN before its file', async () => {
    const environment = { LEAKWATCH_TOKEN: other, LEAKWATCH_TOKEN_FILE: '/nowhere' };
    assert.equal(await find({ file: file(token), environment }), token);
    assert.equal(await find({ environment }), other);
    assert.equal(await find({ environment: { LEAKWATCH_TOKEN: `${token}, ${other}` } }), token);
    assert.equal(
      await find({ environment: { LEAKWATCH_TOKEN: '', LEAKWATCH_TOKEN_FILE: file(token) } }),
      token,
    );
  });

  it('is refused from a file that others can read, that is missing, or that holds none', async () => {
    await refused(
      { file: file(token, 0o644) },
      /the token file has mode 0644 and can be read by others\. Give it mode 0400/,
    );
    await refused({ file: '/nowhere' }, /cannot be read \(ENOENT\)/);
    await refused({ file: folder.path }, /is not a regular file/);
    await refused({ file: file('# none\n') }, /holds no token/);
    await refused({ file: file('x'.repeat(20_000)) }, /is larger than 16/);
  });

  it('is refused from a pipe, which nobody may ever write to', () => {
    const pipe = join(folder.path, 'pipe');
    spawnSync('mkfifo', ['-m', '600', pipe]);
    return refused({ file: pipe }, /is not a regular file/);
  });

  it('may be in a file of another owner that the group can read, as Kubernetes mounts it', {
    skip: process.getuid?.() !== 0 && 'only root can give files away',
  }, async () => {
    const mounted = file(`${token}\n`, 0o440);
    chownSync(mounted, 12_345, 0);
    assert.equal(await find({ file: mounted }), token);
    chmodSync(mounted, 0o444);
    await refused({ file: mounted }, /has mode 0444/);
  });

  it('is refused if it has characters that no token has', async () => {
    await refused({ environment: { LEAKWATCH_TOKEN: `${token}é` } }, /characters that no token has/);
  });

  it('is missing without a terminal, and the message names every source', async () => {
    await refused({}, /--token-file FILE.*LEAKWATCH_TOKEN.*LEAKWATCH_TOKEN_FILE/);
  });

  it('need not be there if a certificate says who asks', async () => {
    assert.equal(await find({ optional: true }), null);
  });

  it('is typed at a prompt that does not show it', async () => {
    const { input, modes } = typing(token.slice(0, 10), `x\u007f${token.slice(10)}`, '\r');
    let shown = '';
    const write = (text: string) => {
      shown += text;
    };
    assert.equal(await find({ input, output: { write } }), token);
    assert.equal(shown, 'Token (not shown): \n');
    assert.deepEqual(modes, [true, false]);
  });

  it('is not asked for again after Ctrl-C, and the terminal is as before', async () => {
    const { input, modes } = typing(token, '\u0003');
    await refused({ input }, /no token was given/);
    assert.deepEqual(modes, [true, false]);
  });

  it('is nowhere on a real terminal', {
    skip: spawnSync('python3', ['--version']).status === 0 ? false : 'there is no python3 to make a terminal',
  }, () => {
    const environment = Object.fromEntries(
      Object.entries(process.env).filter(([name]) => !name.startsWith('LEAKWATCH_')),
    );
    const command = [process.execPath, MAIN, 'leaks', 'http://127.0.0.1:1'];
    const { stdout } = spawnSync('python3', [TERMINAL, 'answer', 'not shown', ...command], {
      input: `${token}\r`,
      env: environment,
      encoding: 'utf8',
    });
    assert.match(stdout, /Token \(not shown\): /);
    assert.match(stdout, /nothing listens there/);
    assert.ok(!stdout.includes(token.slice(4, 12)), stdout);
  });
});
