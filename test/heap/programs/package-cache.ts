import { mkdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

/** A compiler with a cache that has no bound, as a package of its own, laid out as pnpm does. */
const folder = join(
  String(process.argv[3]),
  'node_modules/.pnpm/tiny-templates@2.4.1/node_modules/tiny-templates',
);
mkdirSync(folder, { recursive: true });
writeFileSync(
  join(folder, 'index.js'),
  `const compiled = {};
   class Template { constructor(source) { this.size = source.length; this.parts = [source]; } }
   exports.compile = (source) => (compiled[source] ??= new Template(source));`,
);
const { compile } = createRequire(import.meta.url)(folder) as { compile(source: string): object };

export function handle(index: number): void {
  compile(`planted-secret-{{${index}}}`);
}
