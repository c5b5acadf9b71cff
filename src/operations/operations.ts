import { randomBytes } from 'node:crypto';
import type { Clock } from '../runtime/clock.js';
import { keepAlive } from '../runtime/clock.js';
import type { Logger } from '../runtime/logger.js';
import { say } from '../runtime/say.js';
import { formatBytes, MIB } from '../runtime/units.js';
import type {
  Asked,
  Operation,
  OperationControl,
  OperationKind,
  OperationProgress,
  OperationResult,
  OperationWork,
} from './operation.js';
import { Waiters } from './waiters.js';

/** Operations kept, the running ones included; the oldest that have ended are forgotten first. */
const MAX_OPERATIONS = 50;
/** An operation that ended longer ago is forgotten. */
const KEPT_MS = 60 * 60 * 1000;
/** Operations whose files are kept, and the memory they hold together; older files are dropped first. */
const MAX_WITH_FILES = 3;
const MAX_HELD_BYTES = 32 * MIB;
/** If nothing is known of how long an operation takes. */
const GUESSED_MS = 10_000;

/**
 * Kinds that may not run at the same time, in addition to two of the same kind: a CPU profile would show the pauses of
 * captures as the program's own time.
 */
const EXCLUDES: Readonly<Record<OperationKind, readonly OperationKind[]>> = {
  scan: ['cpu-profile'],
  'cpu-profile': ['scan'],
  'heap-profile': [],
};

/** An operation to be begun. */
export interface OperationOrder extends Asked {
  readonly kind: OperationKind;
  /** What was asked for, as a text: a request with the same text joins the running operation. */
  readonly request: string;
  /** How long it will take, milliseconds, for Retry-After; null: unknown. */
  readonly expectedMs: number | null;
  /** How long after the end of one the next of the same kind may begin, milliseconds. */
  readonly coolDownMs: number;
}

export type BeginOutcome =
  | { readonly outcome: 'began' | 'joined'; readonly operation: Operation }
  /** `operation` is in the way: it is running, or it is the latest of the kind and its cool-down is not over. */
  | { readonly outcome: 'busy'; readonly operation: Operation; readonly retryAfterMs: number };

interface Entry {
  operation: Operation;
  readonly order: OperationOrder;
  readonly abort: AbortController;
  heldBytes: number;
  ended: Promise<void>;
}

/**
 * Long work that clients began. It goes on when its client goes away, and ends by itself, by `cancel` or with the watcher.
 * Nothing here keeps the process alive.
 */
export class Operations {
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #waiters: Waiters;
  readonly #onEnd: (operation: Operation) => void;
  /** Oldest first. */
  #entries: Entry[] = [];
  #stopped = false;

  /** `onEnd` gets each operation once, when it has ended. */
  constructor(clock: Clock, logger: Logger, onEnd: (operation: Operation) => void = () => {}) {
    this.#clock = clock;
    this.#onEnd = onEnd;
    this.#logger = logger;
    this.#waiters = new Waiters(clock);
  }

  /** Begins it, or joins the running one of the same request. The work starts before this returns. */
  begin(order: OperationOrder, work: OperationWork): BeginOutcome {
    this.#forgetOld();
    const refused = this.check(order);
    if (refused !== null) return refused;
    this.#makeRoom();
    const abort = new AbortController();
    const operation: Operation = {
      id: `op-${randomBytes(8).toString('hex')}`,
      kind: order.kind,
      state: 'running',
      startedAtMs: this.#clock.now(),
      endedAtMs: null,
      progress: { step: 'starting', part: null, round: null },
      result: null,
      error: null,
      files: [],
      principal: order.principal,
      requestId: order.requestId,
    };
    const entry: Entry = { operation, order, abort, heldBytes: 0, ended: Promise.resolve() };
    this.#entries.push(entry);
    if (this.#stopped) abort.abort();
    entry.ended = this.#run(entry, work);
    return { outcome: 'began', operation: entry.operation };
  }

  /** What `begin` would answer if it did not begin: the operation to join or in the way; null: it would begin. */
  check({ kind, request, coolDownMs }: OperationOrder): BeginOutcome | null {
    const inTheWay = this.#entries.find(
      ({ operation }) =>
        operation.state === 'running' && (operation.kind === kind || EXCLUDES[kind].includes(operation.kind)),
    );
    if (inTheWay !== undefined) {
      const { operation, order } = inTheWay;
      const isSame = operation.kind === kind && order.request === request;
      if (isSame && !inTheWay.abort.signal.aborted) return { outcome: 'joined', operation };
      const endsAtMs = operation.startedAtMs + (order.expectedMs ?? GUESSED_MS);
      return { outcome: 'busy', operation, retryAfterMs: Math.max(1000, endsAtMs - this.#clock.now()) };
    }
    const latest = this.#entries.findLast(({ operation }) => operation.kind === kind)?.operation;
    const retryAfterMs = (latest?.endedAtMs ?? Number.NEGATIVE_INFINITY) + coolDownMs - this.#clock.now();
    return latest !== undefined && retryAfterMs > 0
      ? { outcome: 'busy', operation: latest, retryAfterMs }
      : null;
  }

  /** Null for an unknown or forgotten id. */
  find(id: string): Operation | null {
    this.#forgetOld();
    return this.#entry(id)?.operation ?? null;
  }

  /**
   * Resolves when the operation has ended, after `waitMs`, or when `signal` aborts, whichever is first. Null if too many
   * wait already.
   */
  wait(id: string, waitMs: number, signal: AbortSignal): Promise<void> | null {
    if (this.#entry(id)?.operation.state !== 'running') return Promise.resolve();
    return this.#waiters.wait(id, waitMs, signal);
  }

  /** False if it has ended, or is unknown. It counts as running until its work has ended. */
  cancel(id: string): boolean {
    const entry = this.#entry(id);
    if (entry?.operation.state !== 'running') return false;
    entry.abort.abort();
    return true;
  }

  /** Cancels all, and waits until their work has ended. Anything begun afterwards is cancelled at once. */
  async stop(): Promise<void> {
    this.#stopped = true;
    for (const { abort } of this.#entries) abort.abort();
    const hold = keepAlive();
    await Promise.all(this.#entries.map(({ ended }) => ended));
    hold.cancel();
    this.#waiters.clear();
    this.#entries = [];
  }

  async #run(entry: Entry, work: OperationWork): Promise<void> {
    const result = await this.#resultOf(entry, work);
    const isCancelled = entry.abort.signal.aborted;
    const ended = { progress: null, endedAtMs: this.#clock.now() };
    if (isCancelled) entry.operation = { ...entry.operation, ...ended, state: 'cancelled' };
    else if ('error' in result)
      entry.operation = { ...entry.operation, ...ended, state: 'failed', error: result.error };
    else {
      const { value, files = [], heldBytes = 0 } = result;
      entry.heldBytes = heldBytes;
      entry.operation = { ...entry.operation, ...ended, state: 'succeeded', result: value, files };
    }
    this.#dropOldFiles();
    this.#onEnd(entry.operation);
    this.#waiters.ended(entry.operation.id);
  }

  async #resultOf(entry: Entry, work: OperationWork): Promise<OperationResult> {
    const progress = (...[step, part, round = null]: Parameters<OperationControl['progress']>): void => {
      const now: OperationProgress = { step, part, round };
      if (entry.operation.state === 'running') entry.operation = { ...entry.operation, progress: now };
    };
    try {
      const result = await work({ signal: entry.abort.signal, progress });
      const heldBytes = 'error' in result ? 0 : (result.heldBytes ?? 0);
      if (heldBytes <= MAX_HELD_BYTES) return result;
      const detail = say`The result takes ${formatBytes(heldBytes)} of memory; the limit is ${formatBytes(MAX_HELD_BYTES)}.`;
      return { error: { code: 'LEAKWATCH_ERR_REFUSED', detail } };
    } catch (error) {
      const { kind, id } = entry.operation;
      this.#logger.warn(
        say`the operation ${kind} (${id}) failed: ${error instanceof Error ? error.message : String(error)}`,
      );
      return { error: { code: 'LEAKWATCH_ERR_INTERNAL', detail: say`The watcher's log gives the reason.` } };
    }
  }

  #entry(id: string): Entry | undefined {
    return this.#entries.find(({ operation }) => operation.id === id);
  }

  #dropOldFiles(): void {
    let left = MAX_WITH_FILES;
    let bytes = 0;
    for (const entry of this.#entries.toReversed()) {
      if (entry.operation.files.length === 0) continue;
      bytes += entry.heldBytes;
      left -= 1;
      if (left >= 0 && bytes <= MAX_HELD_BYTES) continue;
      entry.operation = { ...entry.operation, files: [] };
      bytes -= entry.heldBytes;
    }
  }

  #forgetOld(): void {
    const since = this.#clock.now() - KEPT_MS;
    this.#entries = this.#entries.filter(({ operation }) => (operation.endedAtMs ?? since) >= since);
  }

  /** At most one of each kind is running, so one that has ended is always found. */
  #makeRoom(): void {
    while (this.#entries.length >= MAX_OPERATIONS) {
      const oldest = this.#entries.findIndex(({ operation }) => operation.state !== 'running');
      this.#entries.splice(oldest, 1);
    }
  }
}
