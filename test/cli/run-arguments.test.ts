import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { UsageError } from '../../src/cli/command.js';
import { EXIT_CODES } from '../../src/cli/exit-codes.js';
import { parseRunArguments } from '../../src/cli/run-arguments.js';
import { leakwatch } from './command-line.js';

describe('The arguments of leakwatch run', () => {
  it('are options before -- and the command after it, word by word', () => {
    const parsed = parseRunArguments(
      [
        '--for',
        '90s',
        '--pace=production',
        '--json',
        '-',
        '--fail-on=never',
        '--stop-on',
        'suspected',
        '--',
      ].concat(['npm', 'run', 'x', '--', '--for']),
    );
    assert.deepEqual(parsed, {
      command: ['npm', 'run', 'x', '--', '--for'],
      forMs: 90_000,
      pace: 'production',
      json: '-',
      failOn: 'never',
      stopOn: 'suspected',
    });
  });

  it('may be left out but for the command', () => {
    assert.deepEqual(parseRunArguments(['--', 'node']), {
      command: ['node'],
      forMs: null,
      pace: null,
      json: null,
      failOn: 'confirmed',
      stopOn: null,
    });
  });

  for (const [text, ms] of [
    ['90s', 90_000],
    ['90', 90_000],
    ['1.5m', 90_000],
    ['5min', 300_000],
    ['1h', 3_600_000],
    ['168h', 604_800_000],
  ] as const) {
    it(`read --for ${text} as ${ms} ms`, () => {
      assert.equal(parseRunArguments(['--for', text, '--', 'node']).forMs, ms);
    });
  }

  for (const [args, reason] of [
    [['node', 'app.js'], /^put the command after --: leakwatch run -- node …$/],
    [['node', 'app.js', '--port', '1'], /^put the command after --: leakwatch run -- node …$/],
    [['--pace', 'fast', 'node'], /^put the command after --: leakwatch run -- node …$/],
    [['-f', '--', 'node'], /^unknown option '-f'$/],
    [['--constructor', '--', 'node'], /^unknown option '--constructor'$/],
    [[], /^name the command to run after --/],
    [['--'], /^name the command to run after --/],
    [['--for', '90s'], /^name the command to run after --/],
    [['--fro', '90s', '--', 'node'], /^unknown option '--fro', did you mean --for\?$/],
    [['--fail', 'never', '--', 'node'], /^unknown option '--fail'/],
    [['--for', '0s', '--', 'node'], /^--for takes a time such as 90s/],
    [['--for', '169h', '--', 'node'], /^--for takes a time such as 90s/],
    [['--for', 'soon', '--', 'node'], /^--for takes a time such as 90s/],
    [['--for', '--', 'node'], /^--for takes a time such as 90s/],
    [['--pace', 'slow', '--', 'node'], /^--pace is one of production, fast$/],
    [['--json', '--fail-on', 'never', '--', 'node'], /^--json takes a file/],
    [['--json=', '--', 'node'], /^--json takes a file/],
    [['--fail-on', 'all', '--', 'node'], /^--fail-on is one of confirmed, suspected, never$/],
    [['--stop-on', 'never', '--', 'node'], /^--stop-on is one of confirmed, suspected$/],
  ] as const) {
    it(`are refused: ${args.join(' ') || 'none'}`, () => {
      assert.throws(
        () => parseRunArguments(args),
        (error) => error instanceof UsageError && reason.test(error.message),
      );
    });
  }

  it("are explained by --help before --, whatever else is wrong; after it, --help is the command's", async () => {
    const helped = await leakwatch(['run', '--fro', '--help']);
    assert.equal(helped.code, EXIT_CODES.clean);
    assert.match(helped.stdout, /^Usage: leakwatch run /);
    const { stdout } = await leakwatch(['run', '--fail-on', 'never', '--', process.execPath, '--help']);
    assert.match(stdout, /^Usage: node /);
  });

  it('that are wrong end with 2, the reason and the help, and run nothing', async () => {
    const { code, stdout, stderr } = await leakwatch(['run', '--fro', '--', 'echo', 'it ran']);
    assert.equal(code, EXIT_CODES.usage);
    assert.equal(stdout, '');
    assert.match(
      stderr,
      /^leakwatch run: unknown option '--fro', did you mean --for\?\nUsage: leakwatch run /,
    );
  });
});
