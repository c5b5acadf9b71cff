/** Classes that do not show whose they are: they are named after their holder. */
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
