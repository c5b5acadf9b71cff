import assert from 'node:assert/strict';
import { readFileSync, utimesSync } from 'node:fs';
import { describe, it } from 'node:test';
import { EXIT_CODES } from '../../src/cli/exit-codes.js';
import { drawHeap } from '../support/drawn-heap.js';
import { leakwatch } from './command-line.js';
import { SnapshotFolder } from './snapshot-folder.js';

const folder = new SnapshotFolder();
const leaking = folder.take('leaking');
const steady = folder.take('steady');

interface Step {
  readonly count: number;
  readonly bytes: number;
}

interface Document {
  readonly schemaVersion: number;
  readonly command: string;
  readonly grows: boolean;
  readonly snapshots: readonly {
    readonly file: string;
    readonly nodes: number;
    readonly heapBytes: number;
  }[];
  readonly suspects: readonly {
    readonly className: string;
    readonly artefact: string | null;
    readonly steps: readonly Step[];
  }[];
  readonly paths: readonly {
    readonly className: string;
    readonly counts: readonly number[];
    readonly gainedBytes: number;
  }[];
  readonly classes: readonly { readonly className: string; readonly counts: readonly number[] }[];
}

async function document(...args: readonly string[]): Promise<Document> {
  const { stdout, stderr } = await leakwatch(['diff', '--json', ...args]);
  assert.equal(stderr, '');
  return JSON.parse(stdout) as Document;
}

describe('leakwatch diff, given three snapshots', () => {
  it('names what leaks, who holds it and how it grew, and ends with 1', async () => {
    const { code, stdout, stderr } = await leakwatch(['diff', ...leaking]);
    assert.equal(stderr, '');
    assert.equal(code, EXIT_CODES.growth);
    assert.match(stdout, /^LEAK suspected {3}\+\d/);
    assert.match(stdout, /^ {2}what .*sessions.* held 500 → 1,000 → 1,500 /m);
    assert.match(stdout, /^ {2}held by .*leaking\.js › sessions: Map$/m);
    assert.match(stdout, /^ {2}holds +Session ×1,500 \(each about /m);
    assert.match(stdout, /^ {2}because +grew at every one of 2 steps; no bound found on its owner; /m);
    assert.match(stdout, /^ {2}Session +500 → 1,500 .* programs\/leaking\.js:\d+$/m);
    assert.doesNotMatch(stdout, /undefined|NaN|Infinity/);
  });

  it('asks whether the order is right when a file is older than the one named before it', async () => {
    const [first, second, third] = leaking as [string, string, string];
    for (const [at, file] of [first, second, third].entries()) utimesSync(file, 1e9 + at, 1e9 + at);
    const asked = /1\.heapsnapshot was written before \S*2\.heapsnapshot: are the files given oldest first\?/;
    assert.match((await leakwatch(['diff', first, third, second])).stdout, asked);
    assert.doesNotMatch((await leakwatch(['diff', ...leaking])).stdout, /oldest first/);
  });

  it('says the same as one JSON object', async () => {
    const found = await document(...leaking);
    assert.equal(found.schemaVersion, 1);
    assert.equal(found.command, 'diff');
    assert.equal(found.grows, true);
    assert.deepEqual(
      found.snapshots.map(({ file }) => file),
      leaking,
    );
    const [first] = found.suspects;
    assert.equal(first?.className, 'Session');
    assert.equal(first.artefact, null);
    assert.deepEqual(
      first.steps.map((step) => step.count),
      [500, 1000, 1500],
    );
    assert.deepEqual(Object.keys(first.steps[0]!), ['count', 'bytes']);
    const session = found.classes.find(({ className }) => className === 'Session');
    assert.deepEqual(session?.counts, [500, 1000, 1500]);
  });

  it('says that nothing grew in a program that holds as much as before, and ends with 0', async () => {
    const { code, stdout } = await leakwatch(['diff', ...steady]);
    assert.equal(code, EXIT_CODES.clean);
    assert.match(stdout, /^Nothing in the program grew at every step of 3 snapshots\.\n/);
    assert.doesNotMatch(stdout, /LEAK/);
  });

  it('tells no value of the heap', async () => {
    for (const args of [leaking, ['--json', '--top', '1000', ...leaking]]) {
      const { stdout } = await leakwatch(['diff', ...args]);
      assert.ok(stdout.length > 0);
      assert.doesNotMatch(stdout, /planted-secret/);
    }
  });

  it('takes one of them from standard input', async () => {
    const { code, stdout } = await leakwatch(
      ['diff', leaking[0]!, leaking[1]!, '-'],
      readFileSync(leaking[2]!),
    );
    assert.equal(code, EXIT_CODES.growth);
    assert.match(stdout, / held 500 → 1,000 → 1,500 /);
    assert.match(stdout, /^ {2}standard input +\d/m);
  });

  it('lists as many rows as --top says', async () => {
    const [few, many] = [await document('--top', '3', ...leaking), await document('--top=12', ...leaking)];
    assert.equal(few.classes.length, 3);
    assert.equal(many.classes.length, 12);
    assert.deepEqual(many.classes.slice(0, 3), few.classes);
  });
});

describe('leakwatch diff, given two snapshots', () => {
  it('names what grew, says that two show no steady growth, and ends with 1', async () => {
    const { code, stdout } = await leakwatch(['diff', leaking[0]!, leaking[2]!]);
    assert.equal(code, EXIT_CODES.growth);
    assert.match(stdout, /^GREW {3}\+\d/);
    assert.match(stdout, /^ {2}what +variable sessions of programs\/leaking\.js held 500 → 1,500 entries$/m);
    assert.match(stdout, /^ {2}held by .*sessions: Map$/m);
    assert.match(stdout, /^Two snapshots show a difference, not steady growth/m);
    assert.doesNotMatch(stdout, /LEAK|planted-secret/);
  });

  it('lists growth by path in JSON, and no suspects', async () => {
    const { suspects, paths, grows } = await document(leaking[0]!, leaking[1]!);
    assert.equal(grows, true);
    assert.deepEqual(suspects, []);
    assert.equal(paths[0]?.className, 'Session');
    assert.deepEqual(paths[0].counts, [500, 1000]);
    assert.ok(paths[0].gainedBytes > 500 * 16);
  });

  it('ends with 0 when the later one holds less', async () => {
    const { code, stdout } = await leakwatch(['diff', leaking[2]!, leaking[0]!]);
    assert.equal(code, EXIT_CODES.clean);
    assert.match(stdout, /^Nothing in the program grew\.\n/);
  });

  it('works on snapshots that tell no places of definition', async () => {
    const draw = (orders: number) =>
      drawHeap(`
        global: object global 40
        list: object Array 32
        order*${orders}: object Order 24
        root -shortcut 1-> global
        global -property orders-> list
        list -element #-> order
      `);
    const [few, many] = [folder.write('few', draw(10)), folder.write('many', draw(90))];
    const { paths } = await document(few, many);
    assert.deepEqual(
      paths.map(({ className, counts }) => ({ className, counts })),
      [{ className: 'Order', counts: [10, 90] }],
    );
  });
});

describe('leakwatch diff refuses to compare', () => {
  it('snapshots of two programs', async () => {
    const { code, stdout, stderr } = await leakwatch(['diff', steady[0]!, leaking[0]!]);
    assert.equal(code, EXIT_CODES.failed);
    assert.equal(stdout, '');
    assert.equal(
      stderr,
      `leakwatch diff: ${leaking[0]}: It is from a different program than the previous snapshot: they have no script in common.\n`,
    );
  });

  it('snapshots of two versions of Node, whose own functions stand at other lines', async () => {
    const snapshot = JSON.parse(readFileSync(leaking[1]!, 'utf8')) as { locations: number[] };
    // Rows of four: object, script, line, column.
    snapshot.locations = snapshot.locations.map((value, at) => (at % 4 === 2 ? value + 7 : value));
    const other = folder.write('other-version.heapsnapshot', JSON.stringify(snapshot));
    const { code, stdout, stderr } = await leakwatch(['diff', leaking[0]!, other]);
    assert.equal(code, EXIT_CODES.failed);
    assert.equal(stdout, '');
    assert.match(stderr, /other-version\.heapsnapshot: It was taken on a different Node version /);
  });
});
