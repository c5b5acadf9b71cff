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
    scopes: ['read'],
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
  it('is the first word of a line of a token file that is not a comment', async () => {
    assert.equal(
      await find({ file: file(`# mine\n\n  ${token} scope=read expires=2999-01-01\n${other}\n`) }),
      token,
    );
  });

  it('is the first in its file that has not expired and has every scope that the command needs', async () => {
    const lines = [
      `${issueToken()} scope=act,read,eval expires=2020-01-31`,
      `${issueToken()} scope=act`,
      `${issueToken()}`,
      `${token} scope=read,act expires=2999-12-31 id=me`,
      `${other} scope=read,act`,
    ];
    const path = file(lines.join('\n'));
    const scopes = ['act', 'read'] as const;
    assert.equal(await find({ file: path, scopes }), token);
    assert.equal(await find({ environment: { LEAKWATCH_TOKEN_FILE: path }, scopes }), token);
  });

  it('grants read and metrics without scope=, as in the service', async () => {
    const path = file(`${token}\n${other} scope=act,profile\n`);
    assert.equal(await find({ file: path }), token);
    assert.equal(await find({ file: path, scopes: ['act'] }), other);
  });

  it('is sent as it is if its file has nothing else: a JWT, or one whose fields only the service has', async () => {
    assert.equal(await find({ file: file(`# mine\n${token}\n`), scopes: ['act'] }), token);
    assert.equal(
      await find({ file: file('head.payload.signature'), scopes: ['act'] }),
      'head.payload.signature',
    );
  });

  it('is refused with the reason of each line if none fits', async () => {
    const expired = `${token} scope=act,read expires=2020-01-31`;
    await refused(
      { file: file(`# mine\n${expired}\n${other} scope=metrics\n`), scopes: ['act', 'read'] },
      /^no token in the token file fits: line 2 expired at 2020-02-01T00:00:00\.000Z; line 3 lacks the scopes act and read$/,
    );
    await refused({ file: file(`${token} scope=read`), scopes: ['act'] }, /: line 1 lacks the scope act$/);
    await refused(
      { file: file(`${token} id=one\n`.repeat(6)), scopes: ['profile'] },
      /line 4 lacks the scope profile; 2 more do not fit either$/,
    );
  });

  it('is refused if a line before it has a field that the service would not take', async () => {
    for (const [field, words] of [
      ['scope=root', /^line 1 of the token file has a wrong field: scope takes/],
      ['expires=soon', /^line 1 of the token file has a wrong field: expires takes/],
      ['mine', /^line 1 of the token file has something other than scope=, expires= or id= after the token$/],
    ] as const)
      await refused({ file: file(`${token} ${field}\n${other} scope=read\n`) }, words);
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
