/** A client of a message queue waits for replies by number; those that are lost are waited for forever. */
import { prose, repeat } from '../load.js';

interface Pending {
  readonly request: { readonly id: number; readonly body: string };
  readonly resolve: (reply: string) => void;
}

class RpcClient {
  readonly #pending = new Map<number, Pending>();

  async call(id: number): Promise<string> {
    const request = { id, body: prose(4000, id) };
    return await new Promise((resolve) => {
      this.#pending.set(id, { request, resolve });
      // Half of the replies are lost.
      if (id % 2 === 0) setTimeout(() => this.#reply(id), 20);
    });
  }

  #reply(id: number): void {
    this.#pending.get(id)?.resolve('done');
    this.#pending.delete(id);
  }
}

const client = new RpcClient();
repeat(60, async (index) => await client.call(index));
