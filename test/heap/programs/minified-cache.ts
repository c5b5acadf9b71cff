import { mkdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

/** A package whose build shortens the name of its class, with a cache that the program sets no bound to. */
const folder = join(String(process.argv[3]), 'node_modules/short-names');
mkdirSync(folder, { recursive: true });
writeFileSync(
  join(folder, 'index.js'),
  'class d{#t=new Map;set(t,e){this.#t.set(t,e)}}exports.RecentCache=d;',
);
const { RecentCache } = createRequire(import.meta.url)(folder) as {
  RecentCache: new () => { set(key: string, value: object): void };
};
class ProfileService {
  readonly cache = new RecentCache();
}
const service = new ProfileService();

export function handle(index: number): void {
  service.cache.set(`planted-secret-${index}`, { index, name: `planted-secret-name-${index}` });
}
