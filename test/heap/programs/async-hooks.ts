import { AsyncResource, createHook } from 'node:async_hooks';

const live = new Map<number, object>();
createHook({
  init(asyncId, type, _trigger, resource) {
    if (type === 'QUERY') live.set(asyncId, resource);
  },
  // `destroy` of a resource that the map itself holds never comes.
  destroy(asyncId) {
    live.delete(asyncId);
  },
}).enable();

class Query extends AsyncResource {
  readonly index: number;
  constructor(index: number) {
    super('QUERY');
    this.index = index;
  }
}

export function handle(index: number): void {
  new Query(index).runInAsyncScope(() => index);
}
