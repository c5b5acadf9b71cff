import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { before, describe, it } from 'node:test';
import { lineOf, summaryOf } from './detection-table.js';
import { HEALTHY_PROGRAMS } from './healthy-programs.js';
import { CULPRIT_SHARE, type Judgement, RECALL, type Score, score } from './judgement.js';
import { LEAKING_PROGRAMS } from './leaking-programs.js';
import { PARTS, partOf, turnOfCommit } from './rotation.js';
import { runRound } from './runner.js';

const CORPUS = [
  { folder: 'leaking', truths: LEAKING_PROGRAMS },
  { folder: 'healthy', truths: HEALTHY_PROGRAMS },
];
/** `npm run leaks` runs all of them, and docs/detection.md has the results. The healthy ones, which take longest, start first. */
const PROGRAMS = [...HEALTHY_PROGRAMS, ...LEAKING_PROGRAMS];
const { taken, leftOut } = partOf(PROGRAMS, turnOfCommit());
const FAST = { pace: 'fast', rate: 1, forMs: 150_000, parallel: 3 } as const;

describe('the programs of this folder', () => {
  for (const { folder, truths } of CORPUS) {
    it(`are all known: those of ${folder}/`, () => {
      const files = readdirSync(new URL(`./${folder}/`, import.meta.url)).filter((file) =>
        file.endsWith('.js'),
      );
      assert.deepEqual(
        files.map((file) => file.replace('.js', '')).sort(),
        truths.map(({ name }) => name).sort(),
      );
    });
  }

  it('take turns: each is in one part, and every part has leaking and healthy ones', () => {
    const parts = Array.from({ length: PARTS }, (_, turn) => partOf(PROGRAMS, turn).taken);
    assert.deepEqual(new Set(parts.flat()), new Set(PROGRAMS));
    assert.equal(parts.flat().length, PROGRAMS.length);
    for (const part of parts) assert.equal(new Set(part.map(({ leaks }) => leaks)).size, 2);
  });
});

describe(`programs that leak 5 MB a minute or more, and programs that do not, at the fast pace: the turn of this commit (left out: ${leftOut.map(({ name }) => name).join(', ')})`, () => {
  let judgements: readonly Judgement[] = [];
  let figures: Score;

  before(async () => {
    judgements = await runRound(taken, FAST, (judgement) => console.log(lineOf(judgement)));
    figures = score(judgements);
    console.log(summaryOf(figures));
  });

  it('are all watched from their start to their end', () => {
    assert.deepEqual(figures.troubled, []);
    assert.equal(figures.leaking + figures.healthy, taken.length);
  });

  it('the leaks are confirmed, 19 of 20 at least', () => {
    assert.ok(figures.recall >= RECALL, summaryOf(figures));
  });

  it('the first finding names the culprit, of 9 leaks in 10 at least', () => {
    assert.ok(figures.culpritShare >= CULPRIT_SHARE, summaryOf(figures));
  });

  it('no healthy program is ever confirmed', () => {
    assert.deepEqual(figures.falseConfirmed, []);
  });
});
