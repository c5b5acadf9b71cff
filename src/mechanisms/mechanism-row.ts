import type { PathStep } from './path-names.js';

export const FINDING_KINDS = ['heap', 'external', 'native', 'handles', 'contexts'] as const;
export type FindingKind = (typeof FINDING_KINDS)[number];

/** Facts about the members that their path does not show. */
export interface MemberFacts {
  /** Most are weak references, or records of one and plain values. */
  readonly weak: boolean;
  /** They are strings cut out of larger ones. */
  readonly sliced: boolean;
  /** They became larger instead of more. */
  readonly grownWhole: boolean;
  /** Each keeps a context of `node:vm`. */
  readonly withContexts: boolean;
}

/**
 * Whether a series of counts may confirm a leak without the heap graph. `never`: a healthy program's numbers look the
 * same, and only the graph shows what holds them. `client`: not in a server, whose clients decide the number.
 */
type ConfirmsAlone = 'always' | 'client' | 'never';

/** One type of open resource, by its name in `process.getActiveResourcesInfo()` (the same on Node 20 to 26). */
export interface ResourceType {
  /** `open sockets` */
  readonly words: string;
  readonly confirmsAlone: ConfirmsAlone;
  /** Why the count alone does not confirm; empty if it does. */
  readonly because: string;
  readonly hasDescriptor?: true;
  /** It is a connection: requests in flight hold as many. */
  readonly isConnection?: true;
}

export interface MechanismRow {
  /** Left out for `heap`. */
  readonly kind?: FindingKind;
  /** The leak, in words that need no knowledge of V8: `Timers that are never cleared`. */
  readonly lead: string;
  /** The word for its members: `timers`. */
  readonly members: string;
  /** Whether the last step of `path` leads to members that are held this way. */
  readonly recognises?: (path: readonly PathStep[], facts: MemberFacts) => boolean;
  /** Heap classes of the members. A program's own class may have the same name. */
  readonly classes?: RegExp;
  /**
   * Programs and packages have classes of the same name: it counts only if it is defined in Node's code. That is the
   * class of the members if the row has `classes`, otherwise the nearest named class that holds them.
   */
  readonly ofNode?: true;
  /** Names of Node's native objects (`Node / TCPSocketWrap` without the prefix) → what is open: `open TCP sockets`. */
  readonly natives?: Readonly<Record<string, string>>;
  readonly resources?: Readonly<Record<string, ResourceType>>;
  /** Each member costs megabytes outside the analysed heap, such as a heap of its own. */
  readonly heavy?: true;
  /** A finding must grow this many times as long as others to be confirmed. */
  readonly patience?: number;
  readonly patienceBecause?: string;
  /** Requests in flight do not explain its growth: the members are the requests in flight. */
  readonly inFlight?: true;
  /** V8's own full GCs must run before the program can remove members, which no GC of a forked copy can replace. */
  readonly goneAfterFullGcs?: true;
  /** Types of resources that each member opens as well. */
  readonly comesWith?: readonly string[];
  /** Node itself holds the members, so the code they call says more than their holder. */
  readonly heldByNode?: true;
}
