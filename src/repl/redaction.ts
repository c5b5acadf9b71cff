/** What stands in the place of a secret. */
export const REDACTED = '[redacted]';

/** Names of properties, keys and variables whose values are never shown. */
const SECRET_NAME =
  /pass(?:w(?:or)?d|phrase|code|key)?(?![a-z])|passw|pwd|secret|token|auth(?!or(?!iz))|cookie|credential|(?:api|access|private|signing|encryption|session|master)[-_ ]?(?:key|id)|(?<![a-z])(?:sid|pin|otp|ssn|cvv|cvc|iban|jwt)(?![a-z])|bearer|signature|(?<![a-z])salt/i;

/** Text that has the form of a secret, wherever it stands. */
const SECRET_TEXT = [
  /lwt_[\w-]{8,}/,
  /-----BEGIN [A-Z ]+-----/,
  /\beyJ[\w-]{8,}\.[\w-]{4,}/,
  /\b(?:bearer|basic|digest|token)\s+[\w.~+/=-]{8,}/i,
  /\b(?:sk|pk|rk|ghp|gho|ghu|ghs|ghr|glpat|github_pat|xox[abeprs]|npm|hf|AIza)[-_]?[\w-]{16,}/,
  /\b(?:AKIA|ASIA)[0-9A-Z]{12,}/,
  // A URL with a user and a password.
  /:\/\/[^/\s:@]{0,200}:[^/\s@]{1,200}@/,
  /(?:pass(?:word|wd)?|pwd|secret|token|api[-_]?key|authorization|cookie)["']?\s{0,3}[:=]\s{0,3}\S/i,
];
/** Long text without a break that mixes letters and digits: identifiers of sessions, keys, digests. */
const RANDOM = /[A-Za-z0-9+_=-]{20,}/g;
/** A shorter value of the environment is an ordinary word, and only counts as a whole. */
const LONG_VALUE = 8;
const SHORT_VALUE = 4;
/** As much of a value decides as of the text that is looked at. */
const NEEDLE = 64;

/** Withholds what must not be read: values of the environment, what has the form of a secret, and what has a secret's name. */
export class Redaction {
  readonly #environment: Readonly<Record<string, string | undefined>>;
  readonly #words: ReadonlySet<string>;
  readonly #parts: readonly string[];

  constructor(environment: Readonly<Record<string, string | undefined>>) {
    this.#environment = { ...environment };
    const values = Object.values(environment).filter((value) => value !== undefined);
    this.#words = new Set(values.filter(({ length }) => length >= SHORT_VALUE));
    this.#parts = values.filter(({ length }) => length >= LONG_VALUE).map((value) => value.slice(0, NEEDLE));
  }

  isSecretName(name: string): boolean {
    // camelCase is read as words, so that `sessionId` is a secret's name and `keyboard` is not.
    return SECRET_NAME.test(name) || SECRET_NAME.test(name.replace(/([a-z0-9])([A-Z])/g, '$1_$2'));
  }

  /** Whether it is a variable of the environment with its value: a short value counts only with its name. */
  isVariable(name: string, text: string): boolean {
    return Object.hasOwn(this.#environment, name) && this.#environment[name] === text;
  }

  /** All of a text or nothing: a part would help to guess the rest. */
  text(text: string): string {
    if (this.#words.has(text) || this.#parts.some((part) => text.includes(part))) return REDACTED;
    if (SECRET_TEXT.some((pattern) => pattern.test(text))) return REDACTED;
    return (text.match(RANDOM) ?? []).some((run) => /\d/.test(run) && /[a-z]/i.test(run)) ? REDACTED : text;
  }
}
