/** Classes that do not show whose they are: they are named after their holder. */
export const GENERIC: ReadonlySet<string> = new Set(
  'Object Array Map Set WeakMap WeakSet Promise string function'.split(' '),
);

/** Classes of Node that programs instantiate directly, so that the class does not show which object it is. */
export const COMMON: ReadonlySet<string> = new Set(
  'EventEmitter EventTarget AbortSignal AbortController'.split(' '),
);

/** Classes of values that are no objects; numbers are apart, since V8 keeps small ones in their holder. */
export const PRIMITIVES: ReadonlySet<string> = new Set(['string', 'symbol', 'bigint']);
