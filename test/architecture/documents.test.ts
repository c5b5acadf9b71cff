import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { LeakwatchError } from '../../src/errors.js';
import { VARIABLE_NAMES } from '../../src/options/environment.js';
import { type Options, resolveOptions } from '../../src/options/options.js';

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..', '..', '..');
const README = readFileSync(join(ROOT, 'README.md'), 'utf8');

describe('The documents', () => {
  it('list every option and every variable, and no others', () => {
    const rows = [...README.matchAll(/^\| `([\w.]+)` \| (?:`(LEAKWATCH_\w+)`)? *\|/gm)];
    const options = rows.map(([, option]) => option!).sort();
    assert.deepEqual(options, knownOptions().sort());
    const variables = rows.flatMap(([, , variable]) => variable ?? []).sort();
    assert.deepEqual(variables, [...VARIABLE_NAMES].sort());
  });

  it('link to files that exist', () => {
    const documents = [
      'README.md',
      ...readdirSync(join(ROOT, 'docs'))
        .filter((name) => name.endsWith('.md'))
        .map((name) => `docs/${name}`),
    ];
    const broken = documents.flatMap((document) =>
      [...readFileSync(join(ROOT, document), 'utf8').matchAll(/\]\((?!https?:|#)([^)#]+)(?:#[^)]*)?\)/g)]
        .map(([, target]) => join(dirname(document), target!))
        .filter((target) => !existsSync(join(ROOT, target)))
        .map((target) => `${document}: ${target}`),
    );
    assert.deepEqual(broken, []);
  });

  it('name only folders of src that exist', () => {
    const architecture = readFileSync(join(ROOT, 'docs', 'ARCHITECTURE.md'), 'utf8');
    const named = [...architecture.matchAll(/^\| `(\w+)\/` \|/gm)].map(([, folder]) => folder!).sort();
    const folders = readdirSync(join(ROOT, 'src'), { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => name)
      .sort();
    assert.deepEqual(named, folders);
  });
});

/** The error for an unknown option lists the known ones. */
function knownOptions(): string[] {
  const listed = (options: object): string[] => {
    try {
      resolveOptions(options as Options);
    } catch (error) {
      assert.ok(error instanceof LeakwatchError);
      return /Known are: (.*)\.$/.exec(error.message)![1]!.split(', ');
    }
    throw new Error('an unknown option was accepted');
  };
  const names = listed({ zzzzzzzzzzzz: 1 }).filter((name) => name !== 'schedule');
  return [...names, ...listed({ schedule: { zzzzzzzzzzzz: 1 } }).map((name) => `schedule.${name}`)];
}
