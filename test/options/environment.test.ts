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
        LEAKWATCH_TLS_KEY: '/run/tls/key.pem',
        LEAKWATCH_TLS_CERT: '/run/tls/cert.pem',
        LEAKWATCH_TLS_CA: '/run/tls/ca.pem',
        LEAKWATCH_TLS_REQUEST_CERT: '1',
        LEAKWATCH_JWT_ISSUER: 'https://issuer.example',
        LEAKWATCH_JWT_AUDIENCE: 'ops',
        LEAKWATCH_JWT_JWKS: 'https://issuer.example/keys',
        LEAKWATCH_JWT_SCOPES_CLAIM: 'permissions',
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
        tls: {
          key: '/run/tls/key.pem',
          cert: '/run/tls/cert.pem',
          ca: '/run/tls/ca.pem',
          requestCert: true,
        },
        jwt: {
          issuer: 'https://issuer.example',
          audience: 'ops',
          jwks: 'https://issuer.example/keys',
          scopesClaim: 'permissions',
        },
        schedule: { sample: '* * * * * *', capture: '0 * * * *' },
      },
    );
  });

  it('takes tokens without fields, which a list could not tell from tokens', () => {
    for (const field of ['scope=read,dump', 'expires=2099-12-31', 'id=ci']) {
      assert.throws(
        () => optionsFromEnvironment({ LEAKWATCH_TOKEN: `secret ${field}` }),
        (error) =>
          error instanceof LeakwatchError &&
          /into LEAKWATCH_TOKEN_FILE/.test(error.message) &&
          !error.message.includes('secret'),
      );
    }
  });

  it('has one variable that stands for no option: the acknowledgement of expressions', () => {
    assert.deepEqual(optionsFromEnvironment({ LEAKWATCH_ACKNOWLEDGE_EVAL: 'full', LEAKWATCH_REPL: 'full' }), {
      repl: 'full',
    });
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
