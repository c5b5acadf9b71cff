import type { Holder, Place } from '../../src/heap/naming/holder.js';
import { shortScript } from '../../src/runtime/script-name.js';

const split = (text: string): [string, string] => {
  const [, name = '', path = ''] = /^([^.[]*)(.*)$/.exec(text) ?? [];
  return [name, path];
};

/** A class, or the global object, and properties from there on: `MemoryStore.sessions`. */
export function inClass(text: string, keptBy: Place | null = null): Place {
  const [name, path] = split(text);
  return { kind: 'class', name, path, keptBy };
}

/** A variable of a module and properties from there on: `stop.signal`. */
export function ofModule(text: string, script: string): Place {
  const [name, path] = split(text);
  return { kind: 'variable', name, path, script, ofModule: true };
}

/** A variable that a function captured and properties from there on. */
export function captured(text: string, closure: string | null, script: string | null = null): Place {
  const [name, path] = split(text);
  return { kind: 'closure-variable', name, path, closure, script };
}

export function listenersOf(
  list: 'array' | 'list',
  event: string | null,
  emitter: string,
  place: Place | null = null,
): Holder {
  return { kind: 'listeners', list, event, emitter, place, keptBy: null };
}

/** What timers call, or who waits for what is open: `poll programs/timers.js:12`. */
export function calling(text: string): Extract<Holder, { kind: 'timers' }>['callback'] {
  const [, name = '', url = '', line = ''] = /^(\S+) (\S+):(\d+)$/.exec(text) ?? [];
  return { function: name, url, line: Number(line), column: 0 };
}

/** The same holder with the callback's address as `calling` has it: where the programs stand is not compared. */
export function withShortCallback(holder: Holder): Holder {
  if (!('callback' in holder) || holder.callback === null) return holder;
  return { ...holder, callback: { ...holder.callback, url: shortScript(holder.callback.url), column: 0 } };
}

/** `Cache.values`; the kind of a holder without a name. */
export const nameOf = (holder: Holder): string =>
  'name' in holder ? `${holder.name}${holder.path}` : holder.kind;

/** Names of a suspect's holder and of the others. */
export const namesOf = ({
  holder,
  alsoHeldBy = [],
}: {
  readonly holder: Holder;
  readonly alsoHeldBy?: readonly Holder[];
}): [string, readonly string[]] => [nameOf(holder), alsoHeldBy.map(nameOf)];
