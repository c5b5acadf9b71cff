import type { Mechanism } from '../../mechanisms/mechanisms.js';
import type { Bound, Expiry } from '../limits/limit.js';
import type { Artefact } from '../naming/artefact.js';
import type { Holder } from '../naming/holder.js';
import type { Fingerprint, PackageName, RetainerStep } from '../naming/retainer-step.js';
import type { AllocationSite, MemberLocation } from '../sources/code-place.js';

/** The members found at one path in one snapshot. */
export interface GrowthStep {
  /** Milliseconds since the Unix epoch. */
  readonly atMs: number;
  readonly count: number;
  /**
   * Shallow bytes of the members and of everything first reached through them, and of what V8 keeps for them alone: their
   * compiled code. The latter is measured in the latest snapshot, and estimated for earlier ones.
   */
  readonly bytes: number;
}

/** Bytes that the members of one suspect keep in the latest snapshot. */
export interface HeldBytes {
  /** Reached by growing paths only; bytes that several of them reach are split equally among them. */
  readonly share: number;
  /** Reached by this path alone: fixing the leak frees at least that. */
  readonly exclusive: number;
  /** Part of `share` that is V8's own: compiled code and its sources, feedback, hidden classes. Left out if 0. */
  readonly internal?: number;
}

/** A path whose members grow: the topmost one, where the leak accumulates. */
export interface Suspect {
  readonly fingerprint: Fingerprint;
  /** Class of the members that accumulate; if there are several, that of the largest growth. */
  readonly className: string;
  readonly holder: Holder;
  /** From the root to the members, both included. */
  readonly retainerPath: readonly RetainerStep[];
  /** One entry a snapshot, oldest first; a bounded number, the first one is kept. */
  readonly steps: readonly GrowthStep[];
  /** How many of the latest steps in a row went up (0: the latest did not). */
  readonly risingSteps: number;
  /** Growth during those steps, bytes: of the members, what they hold, and the collection's own tables. */
  readonly gainedBytes?: number;
  /** Part of the whole heap's growth that lies below this path, 0 to 1. */
  readonly shareOfGrowth: number;
  /** Names (never values) of a member's fields; bounded. */
  readonly fields: readonly string[];
  /** The origin of growth that the program does not cause; null if it causes it. */
  readonly artefact: Artefact | null;
  /** A limit found on the owner, on its settings, or in the scope of its code. */
  readonly bound: Bound | null;
  readonly expiry?: Expiry | null;
  /** For weak references: whether the program has a FinalizationRegistry that may remove dead ones. */
  readonly finalized?: boolean;
  /** Null if the members simply lie in a collection or hang on a property or variable. */
  readonly mechanism?: Mechanism | null;
  /** Class and field names of the newest member, `Order{customer, items}`; the class alone if it has no fields. */
  readonly shape?: string;
  /** The package whose code holds the members; null means that it is the program's own code. */
  readonly package?: PackageName | null;
  /** Where members, or the functions they call, are defined; at most 4, newest first. */
  readonly locations?: readonly MemberLocation[];
  /** The first place in the program's own code, outside of packages and Node, that allocates, defines or holds the members. */
  readonly yours?: MemberLocation | null;
  /** Where the members were allocated, most growth first; at most 4. */
  readonly sites?: readonly AllocationSite[];
  /** Sliced strings: bytes of the strings that they were cut out of and keep alive, each counted once. */
  readonly parentBytes?: number;
  readonly held?: HeldBytes;
  /** True when byte figures are estimates: a sampled capture left members out. Counts are of all members nevertheless. */
  readonly scaled?: boolean;
  /** Other holders of the same members; at most 4. Fixing one of them is not enough. */
  readonly alsoHeldBy?: readonly Holder[];
}
