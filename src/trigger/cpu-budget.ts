/** Why there is no CPU time for one more capture. */
export interface CpuShortage {
  /** CPU that still counts, that the capture would take, and that an hour allows; seconds. */
  readonly spentSeconds: number;
  readonly predictedSeconds: number;
  readonly budgetSeconds: number;
  /** Until the capture fits if nothing else is spent. */
  readonly waitMs: number;
}

interface Spending {
  /** Of the first and of the latest capture that it holds. */
  readonly fromMs: number;
  readonly atMs: number;
  readonly cpuSeconds: number;
}

const WINDOW_MS = 60 * 60 * 1000;
/** Spendings that lie this close together count as one, at the later time: some sixty of them make a full window. */
const MERGED_WITHIN_MS = WINDOW_MS / 60;
/** No capture, however expensive, counts for more windows than this: a wrong reading must not end captures for a day. */
const MAX_WINDOWS = 6;
/** What is kept at most; beyond it the two oldest count as one. Reached only where captures cost more than their budget. */
const MAX_SPENDINGS = 64;

/**
 * The CPU that captures may cost in the background: a part of one core, averaged over a sliding hour.
 *
 * The first capture in an hour without others is allowed whatever it costs; otherwise no capture could be taken if each
 * costs more than the budget. Such a capture is paid off: it counts for as many hours as it costs hourly budgets (at most
 * six), so the average still holds. Captures on demand are free: they are not recorded here.
 */
export class CpuBudget {
  readonly #budgetSeconds: number;
  /** Oldest first. */
  #spent: Spending[] = [];

  /** `coreShare`: part of one core, such as 0.02. */
  constructor(coreShare: number) {
    this.#budgetSeconds = (coreShare * WINDOW_MS) / 1000;
  }

  /** What a capture took, its analysis included. Times come in ascending order. */
  record(atMs: number, cpuSeconds: number): void {
    if (!(cpuSeconds > 0)) return;
    this.#spent = this.#spent.filter((spending) => this.#endOf(spending) > atMs);
    const last = this.#spent.at(-1);
    if (last !== undefined && atMs - last.fromMs < MERGED_WITHIN_MS) {
      this.#spent[this.#spent.length - 1] = { ...last, atMs, cpuSeconds: last.cpuSeconds + cpuSeconds };
    } else this.#spent.push({ fromMs: atMs, atMs, cpuSeconds });
    const [first, second] = this.#spent;
    if (this.#spent.length > MAX_SPENDINGS && first !== undefined && second !== undefined) {
      this.#spent.splice(0, 2, { ...second, cpuSeconds: first.cpuSeconds + second.cpuSeconds });
    }
  }

  /** Null where the capture fits. */
  shortage(nowMs: number, predictedSeconds: number): CpuShortage | null {
    // Entries in the future, from a clock that was set back, are ignored: they could block captures for as long as it was wrong.
    const counting = this.#spent.filter(
      (spending) => spending.atMs <= nowMs && this.#endOf(spending) > nowMs,
    );
    const spentSeconds = counting.reduce((total, { cpuSeconds }) => total + cpuSeconds, 0);
    if (counting.length === 0 || spentSeconds + predictedSeconds <= this.#budgetSeconds) return null;
    let left = spentSeconds;
    let waitMs = 0;
    for (const spending of counting.toSorted((a, b) => this.#endOf(a) - this.#endOf(b))) {
      left -= spending.cpuSeconds;
      waitMs = this.#endOf(spending) - nowMs;
      if (left + predictedSeconds <= this.#budgetSeconds) break;
    }
    return { spentSeconds, predictedSeconds, budgetSeconds: this.#budgetSeconds, waitMs };
  }

  #endOf({ atMs, cpuSeconds }: Spending): number {
    const windows = Math.min(MAX_WINDOWS, Math.max(1, cpuSeconds / this.#budgetSeconds));
    return atMs + windows * WINDOW_MS;
  }
}
