import { AsyncLocalStorage } from 'node:async_hooks';

class Span {
  readonly parent: Span | undefined;
  readonly index: number;
  constructor(index: number, parent: Span | undefined) {
    this.index = index;
    this.parent = parent;
  }
}
const active = new AsyncLocalStorage<Span>();

/** A poller whose every turn opens a span below the one before. */
export async function handle(index: number): Promise<void> {
  active.enterWith(new Span(index, active.getStore()));
}
