import { readFileSync } from 'node:fs';
import type { JwtSettings, KeySet } from '../access/jwt-settings.js';
import { invalid, refuseUnknown, text } from './checks.js';
import type { JwtOptions } from './credential-options.js';
import { entryNames } from './environment.js';

const MAX_KEYS = 32;
/** Members of a private or symmetric key. */
const SECRETS = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k', 'priv'];

export function jwtOf(given: JwtOptions | undefined): JwtSettings | null {
  if (given === undefined) return null;
  if (typeof given !== 'object' || given === null || Array.isArray(given))
    throw invalid('jwt takes an object with issuer, audience and jwks');
  refuseUnknown(Object.keys(given), entryNames('jwt'), 'jwt entry');
  const issuer = text(given.issuer, 'jwt.issuer');
  const audience = text(given.audience, 'jwt.audience');
  if (issuer === undefined || audience === undefined || given.jwks === undefined)
    throw invalid('jwt needs issuer, audience and jwks');
  return {
    issuer,
    audience,
    scopesClaim: text(given.scopesClaim, 'jwt.scopesClaim') ?? 'scope',
    keys: keysOf(given.jwks),
  };
}

function keysOf(given: JwtOptions['jwks']): URL | KeySet {
  if (!(given instanceof URL) && typeof given === 'object') return publicKeys(given);
  const url = URL.canParse(String(given)) ? new URL(String(given)) : null;
  if (url?.protocol === 'https:' && url.username === '' && url.password === '') return url;
  if (url?.protocol === 'file:') return publicKeys(readKeys(url));
  throw invalid(
    'jwt.jwks takes a URL with https: or file:, without a password, or an object { keys: [...] }',
  );
}

function readKeys(url: URL): unknown {
  try {
    return JSON.parse(readFileSync(url, 'utf8'));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw invalid(`jwt.jwks cannot be read (${code ?? 'not JSON'}). Check its path`);
  }
}

function publicKeys(given: unknown): KeySet {
  const { keys } = (given ?? {}) as { readonly keys?: unknown };
  const isKey = (key: unknown): key is KeySet['keys'][number] =>
    typeof key === 'object' && key !== null && typeof (key as { kty?: unknown }).kty === 'string';
  if (!Array.isArray(keys) || keys.length === 0 || keys.length > MAX_KEYS || !keys.every(isKey))
    throw invalid(`jwt.jwks takes 1 to ${MAX_KEYS} public keys: { keys: [{ kty: …, … }] }`);
  if (keys.some((key) => key.kty === 'oct' || SECRETS.some((member) => member in key)))
    throw invalid('jwt.jwks takes public keys only: remove private and symmetric ones');
  return { keys: structuredClone(keys) };
}
