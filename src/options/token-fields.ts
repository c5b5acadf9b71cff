import { isScope, SCOPES, type Scope } from '../access/scope.js';
import type { TokenGrant } from '../access/token-grant.js';

type Fields = Partial<Omit<TokenGrant, 'digest'>>;

const ID = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;
const DATE = /^\d{4}-\d{2}-\d{2}$/;
const TIME = /^(\d{4}-\d{2}-\d{2})T\d{2}:\d{2}(:\d{2}(\.\d{1,3})?)?(Z|[+-]\d{2}:\d{2})$/;
const DAY_MS = 24 * 3_600_000;

const READERS: Readonly<Record<string, (value: string) => Fields | null>> = {
  scope: (value) => {
    const scopes = scopesOf(value);
    return scopes === null ? null : { scopes };
  },
  expires: (value) => {
    const expiresAtMs = expiryOf(value);
    return expiresAtMs === null ? null : { expiresAtMs };
  },
  id: (value) => (isTokenId(value) ? { id: value } : null),
};
export const FIELD_FORMS = {
  scope: `scope takes one or more of ${SCOPES.join(',')}`,
  expires:
    'expires takes a date (2030-12-31, the last day in UTC) or a time with its zone (2030-12-31T18:00:00Z)',
  id: 'id takes 1 to 64 letters, digits and the characters . _ -',
} as const;

/**
 * The words after a token: `scope=read,dump expires=2030-12-31 id=ci`, in any order. A message never repeats a
 * word: it may be another token.
 */
export function tokenFields(words: readonly string[], fail: (what: string) => Error): Fields {
  let fields: Fields = {};
  const names = new Set<string>();
  for (const word of words) {
    const at = word.indexOf('=');
    const name = word.slice(0, Math.max(at, 0));
    if (!Object.hasOwn(READERS, name))
      throw fail('has something other than scope=, expires= or id= after the token');
    if (names.has(name)) throw fail(`has the field ${name} twice`);
    names.add(name);
    const read = READERS[name]!(word.slice(at + 1));
    if (read === null) throw fail(`has a wrong field: ${FIELD_FORMS[name as keyof typeof FIELD_FORMS]}`);
    fields = { ...fields, ...read };
  }
  return fields;
}

/** Null unless each is a scope. */
export function scopesOf(list: string): readonly Scope[] | null {
  const scopes = list.split(',');
  return scopes.every(isScope) ? [...new Set(scopes)] : null;
}

export function isTokenId(id: string): boolean {
  return ID.test(id);
}

/** Milliseconds since the Unix epoch; null if it is neither a date nor a time with a zone. A date includes its whole day. */
export function expiryOf(text: string): number | null {
  const date = DATE.test(text) ? text : TIME.exec(text)?.[1];
  // `Date.parse` takes the 30th of February for the 2nd of March.
  if (date === undefined || isoDate(Date.parse(date)) !== date) return null;
  const ms = Date.parse(text);
  return Number.isNaN(ms) ? null : text === date ? ms + DAY_MS : ms;
}

function isoDate(ms: number): string | null {
  return Number.isNaN(ms) ? null : new Date(ms).toISOString().slice(0, 10);
}
