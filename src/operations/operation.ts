import type { ErrorCode } from '../errors.js';

const OPERATION_KINDS = ['scan', 'heap-profile', 'cpu-profile'] as const;
export type OperationKind = (typeof OPERATION_KINDS)[number];

export const OPERATION_STATES = ['running', 'succeeded', 'failed', 'cancelled'] as const;
type OperationState = (typeof OPERATION_STATES)[number];

export const OPERATION_STEPS = ['starting', 'waiting', 'capturing', 'analysing', 'recording'] as const;
type OperationStep = (typeof OPERATION_STEPS)[number];

/** How far a running operation is. */
export interface OperationProgress {
  readonly step: OperationStep;
  /** Part of the whole operation that is done, 0 to 1; null: unknown. */
  readonly part: number | null;
  /** Which of several equal rounds runs, such as the second of three captures; null if there is one only. */
  readonly round: { readonly number: number; readonly of: number } | null;
}

export interface OperationError {
  readonly code: ErrorCode;
  /** For a person: never a path, a token or a value from the heap. */
  readonly detail: string;
}

/** One form of a result that is too large for JSON. */
export interface OperationFile {
  readonly mediaType: string;
  /** Plain ASCII, without a path. */
  readonly filename: string;
  /** What a client may show of it without reading it. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Made when it is asked for. May reject. */
  bytes(): Uint8Array | Promise<Uint8Array>;
}

/** How the work of an operation ended. */
export type OperationResult =
  | {
      /** What a client reads in the operation: small, and plain JSON. */
      readonly value: unknown;
      /** The first is what a client gets that accepts anything. */
      readonly files?: readonly OperationFile[];
      /** Memory that `files` keep in use, bytes. */
      readonly heldBytes?: number;
    }
  | { readonly error: OperationError };

/** Handed to the work of an operation. */
export interface OperationControl {
  /** Aborted when the operation is cancelled or the watcher stops; the work then ends soon, with any result. */
  readonly signal: AbortSignal;
  progress(step: OperationStep, part: number | null, round?: OperationProgress['round']): void;
}

/** Who asks for work, for the record. */
export interface Asked {
  /** Id of the principal. */
  readonly principal: string;
  readonly requestId: string;
}

/** A limit that keeps the service safe was in the way; `detail` has its numbers. */
export interface Refused {
  readonly outcome: 'refused';
  readonly detail: string;
}

export type OperationWork = (control: OperationControl) => Promise<OperationResult>;

/** An operation as it stands now. Times are epoch milliseconds. */
export interface Operation {
  /** `op-` and 16 hexadecimal digits. */
  readonly id: string;
  readonly kind: OperationKind;
  readonly state: OperationState;
  readonly startedAtMs: number;
  readonly endedAtMs: number | null;
  /** Null once it has ended. */
  readonly progress: OperationProgress | null;
  /** Null unless it succeeded. */
  readonly result: unknown;
  /** Null unless it failed. */
  readonly error: OperationError | null;
  /** Empty without any, and once newer results have taken their place. */
  readonly files: readonly OperationFile[];
  /** Id of the client that began it. */
  readonly principal: string;
  /** Of the request that began it. */
  readonly requestId: string;
}
