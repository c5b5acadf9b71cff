/** `lw-` and 16 hexadecimal digits; the same bug has the same fingerprint in every process and Node version. */
export type Fingerprint = `lw-${string}`;

/** One step of a path from the GC roots to the members that accumulate, in JavaScript terms. */
export interface RetainerStep {
  /** Property, closure variable or `[]`/`entries` for a collection's members. */
  readonly edge: string;
  readonly edgeType: 'root' | 'property' | 'element' | 'variable' | 'entry' | 'internal';
  /** Class or function name of the object reached. */
  readonly node: string;
  readonly nodeType: 'object' | 'array' | 'closure' | 'string' | 'collection' | 'other';
}

export interface PackageName {
  readonly name: string;
  /** Null if the path of its scripts does not show it. */
  readonly version: string | null;
}
