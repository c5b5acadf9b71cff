import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createReadStream } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { promisify } from 'node:util';
import { analyze } from '../../../src/heap/analysis.js';
import { analyzeDrawings, type Success } from '../drawn-analysis.js';

const ROUNDS = 3;
const OBJECTS = 500;

/** Defines a class on line 3 and a literal, and keeps what it makes of both. */
const LEAKY_MODULE = `
// One line more, so that the class stands on the third.
class Entry { constructor(text) { this.text = text; } }
const kept = [];
exports.keep = (text) => kept.push(new Entry(text), FIELDS);
`;

const MAIN = `
const { writeHeapSnapshot } = require('node:v8');
const first = require('./first.cjs');
const second = require('./second.cjs');
const folder = process.argv[2];
for (let round = 0; round < ${ROUNDS}; round++) {
  for (let index = 0; index < ${OBJECTS}; index++) {
    first.keep('planted-secret-' + index);
    if (index % 5 === 0) second.keep('planted-secret-' + index);
  }
  writeHeapSnapshot(folder + '/' + round + '.heapsnapshot');
}
`;

async function analyzeTwoModules(): Promise<Success> {
  const folder = await mkdtemp(join(tmpdir(), 'leakwatch-'));
  try {
    await writeFile(
      join(folder, 'first.cjs'),
      LEAKY_MODULE.replace('FIELDS', '{ customer: text, items: [] }'),
    );
    await writeFile(
      join(folder, 'second.cjs'),
      LEAKY_MODULE.replace('FIELDS', '{ reason: text, customer: text }'),
    );
    await writeFile(join(folder, 'main.cjs'), MAIN);
    await promisify(execFile)(process.execPath, [join(folder, 'main.cjs'), folder]);
    let latest: Success | null = null;
    for (let round = 0; round < ROUNDS; round++) {
      const result = await analyze({
        snapshot: createReadStream(join(folder, `${round}.heapsnapshot`)),
        previous: latest?.series ?? null,
        capturedAtMs: round * 1000,
      });
      assert.ok(
        result.outcome === 'success',
        result.outcome === 'failure' ? JSON.stringify(result.cause) : '',
      );
      latest = result;
    }
    assert.ok(latest !== null);
    return latest;
  } finally {
    await rm(folder, { recursive: true });
  }
}

describe('the growth of classes', () => {
  it('keeps two classes of one name in two modules apart, and plain objects by their fields', async () => {
    const { classes } = await analyzeTwoModules();
    const rowOf = (script: string) =>
      classes.find(({ className, location }) => className === 'Entry' && location?.script.endsWith(script));
    const [first, second] = [rowOf('first.cjs'), rowOf('second.cjs')];
    assert.deepEqual(first?.counts, [OBJECTS, 2 * OBJECTS, 3 * OBJECTS]);
    assert.deepEqual(second?.counts, [OBJECTS / 5, (2 * OBJECTS) / 5, (3 * OBJECTS) / 5]);
    assert.equal(first.location?.line, 3);
    assert.equal(second.location?.line, 3);
    // V8 keeps one more object of a literal as its pattern, so the steps are told rather than the counts.
    const steps = (shape: string) => {
      const row = classes.find(({ className, shape: own }) => className === 'Object' && own === shape);
      return row?.counts.slice(1).map((count, step) => count - row.counts[step]!);
    };
    assert.deepEqual(steps('{customer, items}'), [OBJECTS, OBJECTS]);
    assert.deepEqual(steps('{customer, reason}'), [OBJECTS / 5, OBJECTS / 5]);
    assert.doesNotMatch(JSON.stringify(classes), /planted-secret/);
  });

  it('has a figure for each snapshot, zero where the class was not there', async () => {
    const kept = (name: string, count: number) => `
      global: object global 40
      list: object Array 32
      ${name.toLowerCase()}*${count}: object ${name} 24
      root -shortcut 1-> global
      global -property list-> list
      list -element #-> ${name.toLowerCase()}
    `;
    const { classes } = await analyzeDrawings([kept('Early', 5), kept('Late', 3), kept('Late', 7)]);
    const counts = (name: string) => classes.find(({ className }) => className === name)?.counts;
    assert.deepEqual(counts('Early'), [5, 0, 0]);
    assert.deepEqual(counts('Late'), [0, 3, 7]);
    assert.deepEqual(counts('Array'), [1, 1, 1]);
  });
});
