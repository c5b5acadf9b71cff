import { Script } from 'node:vm';
import { LeakwatchError } from '../errors.js';
import { say } from '../runtime/say.js';

/** More names than anybody completes on a command line; the next `expose` throws. */
const MAX_ROOTS = 64;
const NAME = /^[A-Za-z_$][\w$]{0,63}$/;
/** Words that an expression could not use as names, and the names that are always there. */
const TAKEN = [
  'globalThis',
  'undefined',
  'NaN',
  'Infinity',
  'arguments',
  'eval',
  '$it',
  '$leakwatch',
  '$value',
];

/** A value that the program named, or why it cannot be had now. */
export type RootReading = { readonly value: unknown } | { readonly reason: string };

/** What the program exposes to probes and expressions, by name. Holds functions that return the values, never the values. */
export class ExposedRoots {
  readonly #getters = new Map<string, () => unknown>();

  get names(): readonly string[] {
    return [...this.#getters.keys()];
  }

  /** Returns a function that takes the name back. Throws for a name that an expression cannot use, or that is taken. */
  expose(name: string, get: () => unknown): () => void {
    if (typeof name !== 'string' || !isUsable(name))
      throw new LeakwatchError(
        'LEAKWATCH_ERR_INVALID_OPTION',
        say`expose() takes a name such as 'pool' that a program could use for a variable, of 64 characters at most`,
      );
    if (typeof get !== 'function')
      throw new LeakwatchError(
        'LEAKWATCH_ERR_INVALID_OPTION',
        say`expose('${name}', …) takes a function that returns the value, such as () => ${name}`,
      );
    if (this.#getters.has(name))
      throw new LeakwatchError('LEAKWATCH_ERR_INVALID_OPTION', say`'${name}' is already exposed`);
    if (this.#getters.size >= MAX_ROOTS)
      throw new LeakwatchError(
        'LEAKWATCH_ERR_INVALID_OPTION',
        say`at most ${MAX_ROOTS} names can be exposed`,
      );
    this.#getters.set(name, get);
    return () => {
      if (this.#getters.get(name) === get) this.#getters.delete(name);
    };
  }

  /** Calls the program's function, whose failure is the program's. */
  read(name: string): RootReading {
    try {
      return { value: this.#getters.get(name)?.() };
    } catch {
      return { reason: say`its function threw an error` };
    }
  }
}

function isUsable(name: string): boolean {
  if (!NAME.test(name) || TAKEN.includes(name)) return false;
  try {
    // Only the parser knows every reserved word.
    new Script(`'use strict';async()=>{const ${name}=0}`);
    return true;
  } catch {
    return false;
  }
}
