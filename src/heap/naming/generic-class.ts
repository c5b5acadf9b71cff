/** Classes that say nothing about whose they are: the name of what holds them is put before. */
export const GENERIC: ReadonlySet<string> = new Set([
  'Object',
  'Array',
  'Map',
  'Set',
  'WeakMap',
  'WeakSet',
  'Promise',
  'string',
  'function',
]);
