import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { LeakwatchError } from '../../src/errors.js';
import { optionsFromEnvironment, VARIABLE_NAMES } from '../../src/options/environment.js';

describe('The environment', () => {
  it('stands for options', () => {
    assert.deepEqual(
      optionsFromEnvironment({
        PATH: '/bin',
        LEAKWATCH_LISTEN: '127.0.0.1:0',
        LEAKWATCH_TOKEN: 'one two',
        LEAKWATCH_PACE: 'fast',
        LEAKWATCH_ALLOW_REMOTE: '0',
        LEAKWATCH_SAMPLE_CRON: '* * * * * *',
        LEAKWATCH_CAPTURE_CRON: '0 * * * *',
        LEAKWATCH_PAUSE_BUDGET_MS: '250',
        LEAKWATCH_MUTE: 'lw-0123456789abcdef,lw-fedcba9876543210',
      }),
      {
        listen: '127.0.0.1:0',
        token: ['one', 'two'],
        pace: 'fast',
        allowRemote: false,
        pauseBudgetMs: 250,
        mute: ['lw-0123456789abcdef', 'lw-fedcba9876543210'],
        schedule: { sample: '* * * * * *', capture: '0 * * * *' },
      },
    );
  });

  it('counts an empty variable as not set', () => {
    assert.deepEqual(optionsFromEnvironment({ LEAKWATCH_LISTEN: '' }), {});
  });

  it('offers the nearest name for an unknown variable', () => {
    assert.throws(
      () => optionsFromEnvironment({ LEAKWATCH_TOKENFILE: 'x' }),
      (error) =>
        error instanceof LeakwatchError && /Did you mean 'LEAKWATCH_TOKEN_FILE'\?/.test(error.message),
    );
  });

  it('ignores what Kubernetes sets for a Service named leakwatch', () => {
    const links = {
      LEAKWATCH_SERVICE_HOST: '10.0.0.1',
      LEAKWATCH_SERVICE_PORT_HTTP: '80',
      LEAKWATCH_PORT_80_TCP_ADDR: '10.0.0.1',
    };
    assert.deepEqual(optionsFromEnvironment(links), {});
    assert.ok(VARIABLE_NAMES.every((name) => !(name in links)));
  });
});
