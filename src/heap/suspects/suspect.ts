/** `lw-` and 16 hexadecimal digits; the same bug has the same fingerprint in every process and Node version. */
export type Fingerprint = `lw-${string}`;

/** One step of a path from the GC roots to what accumulates, in JavaScript terms. */
export interface RetainerStep {
  /** Property, closure variable or `[]`/`entries` for a collection's members. */
  readonly edge: string;
  readonly edgeType: 'root' | 'property' | 'element' | 'variable' | 'entry' | 'internal';
  /** Class or function name of the object reached. */
  readonly node: string;
  readonly nodeType: 'object' | 'array' | 'closure' | 'string' | 'collection' | 'other';
}

/** The members found at one path in one snapshot. */
export interface GrowthStep {
  /** Milliseconds since the Unix epoch. */
  readonly atMs: number;
  readonly count: number;
  /** Shallow bytes of the members and of everything first reached through them. */
  readonly bytes: number;
}

/** A path whose members grow: the topmost one, where the leak accumulates. */
export interface Suspect {
  readonly fingerprint: Fingerprint;
  /** Class of the members that accumulate; the most frequent one where several classes do. */
  readonly className: string;
  /** The holder as a person writes it: `MemoryStore.sessions`. */
  readonly owner: string;
  /** From the root to the members, both included. */
  readonly retainerPath: readonly RetainerStep[];
  /** One entry a snapshot, oldest first; a bounded number, the first one is kept. */
  readonly steps: readonly GrowthStep[];
  /** How many of the latest steps in a row went up (0: the latest did not). */
  readonly risingSteps: number;
  /** Part of the whole heap's growth that lies below this path, 0 to 1. */
  readonly shareOfGrowth: number;
  /** Names (never values) of a member's fields; bounded. */
  readonly fields: readonly string[];
  /** Set when the growth is V8's or a tool's own (code, feedback, inspector), with the reason. */
  readonly artefact: string | null;
  /** A limit found on the owner: its property name and number. */
  readonly bound: { readonly name: string; readonly limit: number } | null;
}
