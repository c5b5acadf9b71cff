/** Watches with and without the option `jwt` where the package `jose` cannot be found. Prints what came of each. */
import { register } from 'node:module';
import { issueToken, LeakwatchError, watch } from '../../../src/index.js';

const hooks = `export async function resolve(specifier, context, next) {
  if (specifier !== 'jose') return next(specifier, context);
  throw Object.assign(new Error('jose is not installed'), { code: 'ERR_MODULE_NOT_FOUND' });
}`;
register(`data:text/javascript,${encodeURIComponent(hooks)}`);

const stateDir = process.argv[2] ?? '';
const base = { stateDir, capture: 'off', log: 'silent', token: issueToken() } as const;
const jwt = { issuer: 'https://issuer.example', audience: 'ops', jwks: 'https://issuer.example/keys' };
const outcomes: string[] = [];
for (const options of [base, { ...base, authorize: () => null }, { ...base, jwt }, base]) {
  try {
    await (await watch(options)).stop();
    outcomes.push('watched');
  } catch (error) {
    outcomes.push(error instanceof LeakwatchError ? `${error.code}: ${error.message}` : String(error));
  }
}
process.stdout.write(JSON.stringify(outcomes));
