import type { Holder, Place } from '../heap/naming/holder.js';
import type { MemberLocation } from '../heap/sources/code-place.js';
import { openNative } from '../mechanisms/open-resources.js';
import { say } from '../runtime/say.js';
import { shortScript } from '../runtime/script-name.js';

/** The holder as a person writes it, a phrase in the singular: `MemoryStore.sessions`, `timer list of node:timers`. */
export function holderText(holder: Holder): string {
  switch (holder.kind) {
    case 'timers':
      return holder.callback === null
        ? say`timer list of node:timers`
        : say`timer list calling ${calleeText(holder.callback)}`;
    case 'open': {
      const what = openNative(holder.className) ?? holder.className;
      return holder.callback === null ? what : say`${what} calling ${calleeText(holder.callback)}`;
    }
    case 'native-objects':
      return say`native objects ${holder.className}`;
    case 'listeners':
      return listenersText(holder);
    case 'reactions':
      return say`reaction list of the promise in ${placeText(holder.place)}`;
    case 'weak-value':
      return say`WeakMap value${holder.path} for ${placeText(holder.place)}`;
    default:
      return placeText(holder);
  }
}

/** Where something is in the program: `MemoryStore.sessions`, `module variable cache of app/cache.js`. */
function placeText(place: Place): string {
  switch (place.kind) {
    case 'class':
      return `${place.name}${place.path}${keptByText(place.keptBy)}`;
    case 'module':
      return say`module ${place.script}${place.path}`;
    case 'variable': {
      const variable = place.ofModule ? say`module variable` : say`variable`;
      return say`${variable} ${place.name}${place.path} of ${place.script}`;
    }
    case 'closure-variable': {
      const { name, path, closure, script } = place;
      const whose = closure === null ? '' : say` of ${closure}`;
      return say`closure variable ${name}${path}${whose}${script === null ? '' : say` in ${script}`}`;
    }
    case 'async-store':
      return say`AsyncLocalStorage store${place.path}`;
    case 'root': {
      const root = `${place.name}${place.path}`;
      return place.edge === '' ? root : say`${place.edge} of ${root}`;
    }
    case 'path':
      return place.path;
  }
}

const keptByText = (keptBy: Place | null): string => (keptBy === null ? '' : say` of ${placeText(keptBy)}`);

type Listeners = Extract<Holder, { readonly kind: 'listeners' }>;

function listenersText(holder: Listeners): string {
  const what = holder.list === 'array' ? say`listener array` : say`listener list`;
  const which = holder.event === null ? '' : say` of event '${holder.event}'`;
  return say`${what}${which} of ${emitterText(holder)}`;
}

/** Whose listeners: `Socket`, `EventEmitter (module variable prices of app/prices.js)`. */
export function emitterText({ emitter, place, keptBy }: Listeners): string {
  return place === null ? `${emitter}${keptByText(keptBy)}` : say`${emitter} (${placeText(place)})`;
}

/** `poll() at src/poller.js:12` */
function calleeText({ function: name, url, line }: MemberLocation): string {
  const isNamed = name !== 'function' && !name.startsWith('(');
  return say`${isNamed ? `${name}()` : say`a function`} at ${shortScript(url)}:${line}`;
}
