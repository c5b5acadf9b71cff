import type { Preview } from './preview.js';
import { REDACTED, type Redaction } from './redaction.js';

const MAX_SHOWN = 200;
/** All of a preview: the rest is left out. */
const MAX_TOTAL = 20_000;
const IDENTIFIER = /^[A-Za-z_$][\w$]*$/;

/**
 * A preview for a person: the members of the value a line each, theirs in braces. `secret`: the expression names a secret, so no
 * text in the value is shown.
 */
export function previewText(preview: Preview, redaction: Redaction, secret: boolean): string {
  const text = shown(preview, redaction, secret, true);
  return text.length > MAX_TOTAL ? `${text.slice(0, MAX_TOTAL)}…` : text;
}

function shown(preview: Preview, redaction: Redaction, secret: boolean, isTop: boolean): string {
  if ('word' in preview) return named(preview.word, redaction);
  if ('text' in preview) return secret ? REDACTED : quoted(preview, redaction);
  const { className, size, isList, members, more } = preview;
  const head = `${named(className, redaction)}${size === null ? '' : `(${size})`}`;
  // Only keys of a Map are counted. A property's name belongs to the program, but a key is a value.
  const isMap = size !== null;
  const parts = members.map(({ key, value }) => member(key, value, redaction, secret, isMap));
  if (more === null || more > 0) parts.push(more === null ? '…' : `… ${more} more`);
  if (parts.length === 0) return head;
  const [open, close] = isList ? ['[', ']'] : ['{', '}'];
  return isTop
    ? `${head} ${open}\n${parts.map((part) => `  ${part}`).join(',\n')}\n${close}`
    : `${head} ${open} ${parts.join(', ')} ${close}`;
}

function member(
  key: Preview | null,
  value: Preview,
  redaction: Redaction,
  secret: boolean,
  isMap: boolean,
): string {
  if (key === null) return shown(value, redaction, secret, false);
  const name = 'text' in key ? key.text : null;
  const isSecret =
    secret ||
    (name !== null &&
      (redaction.isSecretName(name) || ('text' in value && redaction.isVariable(name, value.text))));
  const isWord = name !== null && IDENTIFIER.test(name) && !(secret && isMap);
  const words = isWord ? named(name, redaction) : shown(key, redaction, secret, false);
  return `${words}: ${isSecret ? withheld(value, redaction) : shown(value, redaction, false, false)}`;
}

/** Of what has a secret's name, only what says how much there is. */
function withheld(value: Preview, redaction: Redaction): string {
  if ('word' in value)
    return ['true', 'false', 'null', 'undefined'].includes(value.word) ? value.word : REDACTED;
  if ('text' in value) return REDACTED;
  return `${named(value.className, redaction)}${value.size === null ? '' : `(${value.size})`} ${REDACTED}`;
}

/** A name, or a word such as a number. Cut last: the part of a secret before the cut is not recognised. */
function named(name: string, redaction: Redaction): string {
  const safe = redaction.text(name);
  return safe.length > MAX_SHOWN ? `${safe.slice(0, MAX_SHOWN)}…` : safe;
}

function quoted(
  { text, length }: { readonly text: string; readonly length: number },
  redaction: Redaction,
): string {
  const safe = redaction.text(text);
  if (safe !== text) return REDACTED;
  const cut = safe.slice(0, MAX_SHOWN);
  return `${JSON.stringify(cut)}${length > cut.length ? `… ${length} characters` : ''}`;
}
