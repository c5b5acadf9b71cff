import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { it } from 'node:test';
import { EXIT_CODES } from '../../src/cli/exit-codes.js';
import { drawHeap } from '../support/drawn-heap.js';
import { leakwatch } from './command-line.js';
import { SnapshotFolder } from './snapshot-folder.js';

const ROOT = dirname(createRequire(import.meta.url).resolve('leakwatch/package.json'));
const DOCUMENT = readFileSync(join(ROOT, 'docs', 'cli.md'), 'utf8');
const folder = new SnapshotFolder();

const sectionOf = (command: string): string => {
  const [, section] = new RegExp(`^## leakwatch ${command}$([\\s\\S]*?)(?=^## |$(?![\\s\\S]))`, 'm').exec(
    DOCUMENT,
  )!;
  return section!;
};

it('docs/cli.md has the help of the program and of every command, and no other', async () => {
  const texts = [...DOCUMENT.matchAll(/^```\n(Usage:[\s\S]*?)^```$/gm)].map(([, text]) => text!);
  const { stdout: usage, code } = await leakwatch([]);
  assert.equal(code, EXIT_CODES.clean);
  const commands = [...usage.matchAll(/^ {2}(\w+) {2,}/gm)].map(([, name]) => name!);
  assert.ok(commands.length >= 3);
  const helps = await Promise.all(commands.map(async (name) => (await leakwatch([name, '--help'])).stdout));
  assert.deepEqual(
    texts,
    [usage.trimEnd(), ...helps.map((help) => help.trimEnd())].map((text) => `${text}\n`),
  );
});

it('docs/cli.md lists the exit codes', () => {
  const documented = [...DOCUMENT.matchAll(/^\| (\d+) \|/gm)].map(([, code]) => Number(code));
  const known = new Set<number>([...Object.values(EXIT_CODES), 130]);
  assert.deepEqual(
    documented,
    [...known].sort((a, b) => a - b),
  );
});

it('docs/cli.md names every member of the JSON that the commands print, down to the rows of its lists', async () => {
  const draw = (orders: number) =>
    folder.write(
      `${orders}.heapsnapshot`,
      drawHeap(`
        global: object global 40
        list: object Array 32
        order*${orders}: object Order 24
        root -shortcut 1-> global
        global -property orders-> list
        list -element #-> order
      `),
    );
  const files = [100, 200, 300].map(draw);
  for (const [command, args] of [
    ['analyze', files.slice(0, 1)],
    ['diff', files],
  ] as const) {
    const { stdout } = await leakwatch([command, '--json', ...args]);
    const printed = JSON.parse(stdout) as Record<string, unknown>;
    const [, table] = /\| member \| meaning \|\n([\s\S]*?)\n\n/.exec(`${sectionOf(command)}\n\n`)!;
    const rows = table!.split('\n').filter((row) => row.startsWith('| `'));
    const members = rows.flatMap((row) =>
      [...row.split('|')[1]!.matchAll(/`(\w+)`/g)].map(([, name]) => name!),
    );
    assert.deepEqual(members.sort(), Object.keys(printed).sort());
    for (const [name, value] of Object.entries(printed)) {
      const first: unknown = Array.isArray(value) ? value[0] : null;
      if (typeof first !== 'object' || first === null) continue;
      const named = new Set([...table!.matchAll(/`(\w+)`/g)].map(([, word]) => word!));
      const silent = Object.keys(first).filter((key) => !named.has(key));
      assert.deepEqual(silent, [], `${command}: ${name}`);
    }
  }
});
