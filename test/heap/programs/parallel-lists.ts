/** A cache that keeps its keys, values and times in lists of their own, as many do. */
class ProfileCache {
  readonly #index = new Map<string, number>();
  readonly #keys: string[] = [];
  readonly #values: object[] = [];
  readonly #times: Date[] = [];

  set(key: string, value: object): void {
    this.#index.set(key, this.#keys.length);
    this.#keys.push(key);
    this.#values.push(value);
    this.#times.push(new Date(0));
  }
}
const profiles = new ProfileCache();

export function handle(index: number): void {
  profiles.set(`planted-secret-${index}`, { index, visits: [index], note: `planted-secret-note-${index}` });
}
