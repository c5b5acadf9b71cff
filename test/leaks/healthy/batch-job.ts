/** Rows are gathered for half a minute, written in one go and forgotten. */
import { appendFileSync, mkdtempSync, truncateSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { prose, repeat } from '../load.js';

const PERIOD_MS = 27_000;
const file = join(mkdtempSync(join(tmpdir(), 'healthy-')), 'rows.jsonl');
let rows: { readonly id: number; readonly text: string }[] = [];

repeat(100, (id) => rows.push({ id, text: prose(2000, id) }));
setInterval(() => {
  appendFileSync(file, rows.map((row) => JSON.stringify(row)).join('\n'));
  truncateSync(file);
  rows = [];
}, PERIOD_MS);
