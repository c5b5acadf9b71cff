import type { PathStep } from './path-names.js';

export const FINDING_KINDS = ['heap', 'external', 'native', 'handles', 'contexts'] as const;
export type FindingKind = (typeof FINDING_KINDS)[number];

/** What was seen of the members besides their path. */
export interface MemberFacts {
  /** Most are weak references, or records that hold nothing else. */
  readonly weak: boolean;
  /** They are strings cut out of larger ones. */
  readonly sliced: boolean;
  /** They became larger, not more. */
  readonly grownWhole: boolean;
  /** Each keeps a context of `node:vm`. */
  readonly withContexts: boolean;
}

/**
 * Whether a series of counts may confirm a leak without the heap graph. `never`: a healthy program's numbers look the
 * same, and only the graph shows who keeps them. `client`: not in a process that serves, whose clients decide the number.
 */
type ConfirmsAlone = 'always' | 'client' | 'never';

/** One type of open resource, by its name in `process.getActiveResourcesInfo()` (the same on Node 20 to 26). */
export interface ResourceType {
  /** `open sockets` */
  readonly words: string;
  readonly confirmsAlone: ConfirmsAlone;
  /** Why the count alone does not confirm; empty where it does. */
  readonly because: string;
  /** It holds a file descriptor. */
  readonly hasDescriptor?: true;
  /** It is a connection: requests in flight hold as many. */
  readonly isConnection?: true;
}

export interface MechanismRow {
  readonly kind: FindingKind;
  /** What it is, in words that need no knowledge of V8: `Timers that are never cleared`. */
  readonly lead: string;
  /** What its members are called: `timers`. */
  readonly members: string;
  /** Whether the last step of `path` leads to members that are held this way. */
  readonly recognises?: (path: readonly PathStep[], facts: MemberFacts) => boolean;
  /** Heap classes of the members. A program's own class may have the same name. */
  readonly classes?: RegExp;
  /** Packages have classes of these names, too: a class counts only where its code is Node's. */
  readonly commonNames?: true;
  /** Names of Node's native objects (`Node / TCPSocketWrap` without the prefix) → what is open: `open TCP sockets`. */
  readonly natives?: Readonly<Record<string, string>>;
  readonly resources?: Readonly<Record<string, ResourceType>>;
  /** Each has a heap of its own, or more: it costs megabytes outside the heap that is looked at. */
  readonly heavy?: true;
  /** A finding must grow this many times as long as others to be confirmed. */
  readonly patience?: number;
  /** Why it takes longer. */
  readonly patienceBecause?: string;
  /** What is in flight says nothing of it, since it is itself what is in flight. */
  readonly inFlight?: true;
  /** Types of resources that each of them opens besides. */
  readonly comesWith?: readonly string[];
  /** Held by Node itself: the code that members call says more than their holder. */
  readonly heldByNode?: true;
}
