/** Documents by author, evicted author by author when a second index says they have not been read for a while. */
import { prose, repeat } from '../load.js';

const IDLE_MS = 15_000;

class Library {
  readonly #byAuthor = new Map<string, string[]>();
  readonly #readAt = new Map<string, number>();

  add(author: string, text: string): void {
    const texts = this.#byAuthor.get(author) ?? [];
    texts.push(text);
    this.#byAuthor.set(author, texts);
    this.#readAt.set(author, Date.now());
  }

  evictIdle(): void {
    for (const [author, at] of this.#readAt) {
      if (Date.now() - at < IDLE_MS) continue;
      this.#byAuthor.delete(author);
      this.#readAt.delete(author);
    }
  }
}

const library = new Library();
setInterval(() => library.evictIdle(), 1000);
// Ten texts of one author, then ten of the next.
repeat(60, (index) => library.add(`author-${Math.floor(index / 10)}`, prose(2500, index)));
