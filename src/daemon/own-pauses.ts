/** Pauses kept: GCs are reported within a turn or two of the event loop after they end. */
const KEPT = 8;
/** V8's clock and ours may differ by rounding. */
const SLACK_MS = 1;

/** When captures paused the service: GCs within such a pause are the watcher's own. Monotonic milliseconds. */
export class OwnPauses {
  #pauses: { readonly fromMs: number; readonly toMs: number }[] = [];

  add(fromMs: number, toMs: number): void {
    this.#pauses = [...this.#pauses, { fromMs, toMs }].slice(-KEPT);
  }

  includes(startMs: number): boolean {
    return this.#pauses.some(
      ({ fromMs, toMs }) => startMs >= fromMs - SLACK_MS && startMs <= toMs + SLACK_MS,
    );
  }
}
