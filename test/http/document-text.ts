import { existsSync, readFileSync } from 'node:fs';

/** The build may lie at any depth below the checkout. */
export function documentText(name: string): string {
  let directory = new URL('.', import.meta.url);
  while (!existsSync(new URL('package.json', directory))) directory = new URL('..', directory);
  return readFileSync(new URL(`docs/${name}`, directory), 'utf8');
}
