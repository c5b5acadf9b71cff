/** Pauses remembered: collections are told of within a turn of the loop or two after they ended. */
const KEPT = 8;
/** A collection's clock reading and ours may differ by rounding. */
const SLACK_MS = 1;

/** When the service stood still because of a capture, so that the collections in between are known as the watcher's own. Monotonic milliseconds. */
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
