import { AsyncLocalStorage } from 'node:async_hooks';

class RequestContext {
  readonly index: number;
  readonly breadcrumbs: string[] = [];
  constructor(index: number) {
    this.index = index;
  }
}
const storage = new AsyncLocalStorage<RequestContext>();

/** A reconnect timer started inside a request keeps that request's store for ever. */
export function handle(index: number): void {
  storage.run(new RequestContext(index), () => {
    storage.getStore()?.breadcrumbs.push(`planted-secret-${index}`);
    setInterval(reconnect, 45_000);
  });
}

function reconnect(): void {
  storage.getStore();
}
