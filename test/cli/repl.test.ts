import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, readFileSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { AuditedCall } from '../../src/audit/ops-audit.js';
import { EXIT_CODES } from '../../src/cli/exit-codes.js';
import { LiveLine } from '../../src/cli/live-line.js';
import { parseOpsAddress } from '../../src/cli/ops-address.js';
import { OpsClient } from '../../src/cli/ops-client.js';
import { ReplClient } from '../../src/cli/repl-client.js';
import { ownListener, type Place } from '../http/ops-fixture.js';
import { history, partsOf, REASON, rest, SECRET, token } from '../http/repl-fixture.js';
import { report } from '../report/report-fixture.js';
import { MAIN } from './command-line.js';
import { FakeService } from './fake-service.js';
import { SnapshotFolder } from './snapshot-folder.js';

const ROOT = dirname(createRequire(import.meta.url).resolve('leakwatch/package.json'));
const DIALOGUE = join(ROOT, 'test', 'cli', 'programs', 'dialogue.py');
const folder = new SnapshotFolder();
const FINDING = report().findings[0]!.id;
const audited: AuditedCall[] = [];
let place: Place;
let url = '';
before(async () => {
  place = await ownListener(await partsOf('read-only', audited));
  url = `http://127.0.0.1:${place.port}`;
});
after(() => place.close());

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A process of its own that reads these bytes; `command` instead of Node.js, if given. */
async function run(command: readonly string[], input: string, scope: 'all' | 'read' = 'all'): Promise<Ended> {
  rest();
  const inherited = Object.entries(process.env).filter(([name]) => !/^_?LEAKWATCH_|^NODE_/.test(name));
  const child = spawn(command[0]!, command.slice(1), {
    env: { ...Object.fromEntries(inherited), LEAKWATCH_TOKEN: token(scope), TERM: 'xterm' },
    timeout: 120_000,
  });
  let [stdout, stderr] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  child.stdin.end(input);
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, stdout, stderr };
}

const piped = (lines: readonly string[], options: readonly string[] = [], scope: 'all' | 'read' = 'all') =>
  run([process.execPath, MAIN, 'repl', ...options, url], `${lines.join('\n')}\n`, scope);

describe('leakwatch repl over a pipe', () => {
  it('answers probes, and expressions in one session with a reason', async () => {
    const lines = [
      '.handles',
      `.path ${FINDING}`,
      `.series ${FINDING}`,
      'history.byCustomer.size',
      '$it',
      '.exit',
      'never',
    ];
    const { code, stdout, stderr } = await piped(lines, ['--reason', REASON]);
    assert.equal(code, EXIT_CODES.clean);
    // On a busy machine an expression is slow enough for a rest.
    assert.match(stderr, /^(leakwatch: the service asks to wait \d+ s\n)*$/);
    assert.match(stdout, /^total: \d+\ntypes:\n/);
    assert.match(
      stdout,
      /globalThis › app › locals › history: OrderHistory › byCustomer: Map\nnow: Map, 1 entries/,
    );
    assert.match(stdout, /\n {2}at +count +bytes\n/);
    assert.match(stdout, /\n1\nMap\(1\) \{\n/);
    const evaluated = audited.filter(({ route }) => route === 'evaluate');
    const bodyOf = ({ input }: AuditedCall) => (input as { body: Record<string, unknown> }).body;
    const opened = evaluated.findLast((call) => bodyOf(call)['reason'] === REASON);
    assert.equal(bodyOf(evaluated.at(-1)!)['session'], opened!.requestId);
  });

  it('shows the report and one finding as text', async () => {
    const { code, stdout } = await piped(['.leaks', `.leak ${FINDING}`], [], 'read');
    assert.equal(code, EXIT_CODES.clean);
    assert.ok((stdout.match(/LEAK confirmed/g) ?? []).length >= 2);
  });

  it('counts live instances, and says that it waits for its turn', async () => {
    const { code, stdout } = await piped(['.live Order']);
    assert.equal(code, EXIT_CODES.clean);
    assert.match(stdout, /^count: 1\npauseMs: /);
  });

  it('shows what was refused and thrown, and no secret', async () => {
    const lines = ['history.byCustomer.clear()', 'nothing', `"${SECRET}"`, 'let a = 1'];
    const { code, stdout } = await piped(lines, ['--reason', REASON]);
    assert.equal(code, EXIT_CODES.clean);
    assert.match(stdout, /^refused: V8 could not prove/);
    assert.match(stdout, /\nthrown\nReferenceError \{\n/);
    assert.match(stdout, /\n\[redacted\]\nsyntax: /);
    assert.doesNotMatch(stdout, new RegExp(SECRET));
    assert.equal(history.byCustomer.size, 1);
  });

  it('goes on after a line that failed, and ends with 2', async () => {
    const lines = ['.nothing', '.leak', '.leak ../status', '.exit now', '1 + 1', '.live Nothing', '.handles'];
    const { code, stdout, stderr } = await piped(lines);
    assert.equal(code, EXIT_CODES.failed);
    assert.match(stdout, /^total: /);
    for (const words of [
      /there is no command \.nothing/,
      /write \.leak ID/,
      /the ID of a finding is such as/,
      /\.exit takes no argument/,
      /expressions need a reason/,
    ])
      assert.match(stderr, words);
    assert.equal((await piped(['1'], ['--reason', REASON], 'read')).code, EXIT_CODES.failed);
  });

  it('refuses wrong options, and a service that does not answer', async () => {
    for (const [options, words] of [
      [['--reason', 'short'], /takes 10 characters or more/],
      [['--full'], /are given together/],
      [['--finding', 'x'], /takes the ID of a finding/],
      [['--history', ''], /takes a file/],
      [['--token', 'x'], /a token is never an argument/],
    ] as const) {
      const { code, stderr } = await piped([], options);
      assert.equal(code, EXIT_CODES.failed);
      assert.match(stderr, words);
    }
    const { code, stderr } = await run([process.execPath, MAIN, 'repl', 'http://127.0.0.1:1'], '');
    assert.equal(code, EXIT_CODES.failed);
    assert.match(stderr, /nothing listens there/);
  });

  it('says that expressions are off where they are', async () => {
    const closed = await ownListener(await partsOf('off'));
    const command = [process.execPath, MAIN, 'repl', '--reason', REASON, `http://127.0.0.1:${closed.port}`];
    const { stderr } = await run(command, '1\n');
    await closed.close();
    assert.match(stderr, /expressions are off in this service/);
  });
});

/** On a terminal: keys are pressed once the words before them were seen. Returns what the terminal received. */
async function typed(
  options: readonly string[],
  dialogue: readonly (readonly [words: string, keys: string])[],
) {
  const command = [process.execPath, MAIN, 'repl', ...options, url];
  return (await run(['python3', DIALOGUE, ...command], JSON.stringify(dialogue))).stdout;
}

const PROMPT = 'leakwatch> ';

describe('leakwatch repl on a terminal', () => {
  it('has a prompt, edits lines, and completes commands and what is exposed', async () => {
    const received = await typed(
      ['--reason', REASON],
      [
        [PROMPT, '1 + 2\x7f3\r'],
        ['\n4\r\n', 'hist\t'],
        ['history', '.byCustomer.size + 41\r'],
        ['\n42\r\n', '.hand\t'],
        ['.handles', '\r'],
        ['total: ', '\x04'],
      ],
    );
    assert.match(received, /total: \d/);
  });

  it('ends at Ctrl-C', async () => {
    assert.match(
      await typed(
        [],
        [
          [PROMPT, 'half'],
          ['half', '\x03'],
        ],
      ),
      /half/,
    );
  });

  it('keeps no lines, unless a file is named, which only its owner can read', async () => {
    const file = folder.write('history', 'first\n');
    chmodSync(file, 0o644);
    await typed(
      ['--history', file],
      [
        [PROMPT, '.handles\r'],
        ['total: ', '.exit\r'],
      ],
    );
    assert.equal(readFileSync(file, 'utf8'), 'first\n.handles\n.exit\n');
    assert.equal(statSync(file).mode & 0o777, 0o600);
  });
});

describe('The prompt of another service', () => {
  const client = (answers: Readonly<Record<string, unknown>>) => {
    const service = new FakeService(({ line }) => ({ body: answers[line] ?? {} }));
    return service
      .start()
      .then(
        ({ url: address }) =>
          new ReplClient(
            new OpsClient(parseOpsAddress(address), { token: 'x' }, () => {}),
            { reason: REASON, full: false, secondReason: null, finding: null },
            new LiveLine({ write: () => {} }),
          ),
      );
  };

  it('shows nothing that a terminal acts on', async () => {
    const repl = await client({
      'POST /ops/probes/handles': { '\u001b[2J': 'a\u0007b', next: '\u202e' },
      'POST /ops/eval': { outcome: 'value', preview: '"\u001b[31m"', session: { id: 's' } },
    });
    const lines = [...(await repl.run('.handles')), ...(await repl.run('1'))];
    assert.doesNotMatch(lines.join(''), /[\p{Cc}\p{Cf}]/u);
    assert.ok(lines.includes('"\\x1b[31m"'));
  });

  it('runs a GC and shows whatever the service answers', async () => {
    const repl = await client({
      'POST /ops/gc': {
        before: { usedBytes: 5e6, spaces: { old: 4e6 } },
        pauseMs: 612.8,
        count: 1234,
        size: null,
        types: [{ name: 'old' }],
        none: [],
      },
    });
    assert.deepEqual(await repl.run('.gc'), [
      'before:',
      '  usedBytes: 5.0 MB',
      '  spaces:',
      '    old: 4.0 MB',
      'pauseMs: 613 ms',
      'count: 1,234',
      'types:',
      '  -',
      '    name: old',
      'none: none',
    ]);
  });

  it('completes commands, findings and names', async () => {
    const repl = await client({
      'POST /ops/probes/modules': {
        exposed: [{ name: 'pool' }, { name: 'ports' }],
        growing: [{ finding: FINDING }],
      },
    });
    await repl.modules();
    assert.deepEqual(repl.complete('.le'), [['.leaks ', '.leak '], '.le']);
    assert.deepEqual(repl.complete('.path lw-'), [[FINDING], 'lw-']);
    assert.deepEqual(repl.complete('1 + po'), [['pool', 'ports'], 'po']);
    assert.deepEqual(repl.complete('pool.po'), [[], '']);
    assert.deepEqual(repl.complete('$'), [['$it'], '$']);
    assert.deepEqual(repl.complete(''), [[], '']);
  });
});
