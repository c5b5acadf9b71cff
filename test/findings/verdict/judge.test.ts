import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { judge } from '../../../src/findings/verdict/judge.js';
import { dismisses, holdsBack, type Ruling, supports, waits } from '../../../src/findings/verdict/rule.js';

const PRO = supports({ rule: 'bound', says: 'none', numbers: {} });
const WAITING = waits({ rule: 'share', says: 'path', numbers: { shareOfGrowth: 1 } });
const AGAINST = holdsBack({ rule: 'settled', says: 'ended', numbers: {} });
const EARLY = dismisses('early', 'too-brief');
const HEALTHY = dismisses('healthy', 'artefact');

const judged = (...rulings: readonly (Ruling | null)[]) =>
  judge(
    rulings.map((ruling) => () => ruling),
    null,
    0.9,
  );

describe('The judge', () => {
  it('confirms what no rule holds back, and gives the reasons in the order of the rules', () => {
    const { status, reasons } = judged(PRO, null, WAITING);
    assert.deepEqual([judged(PRO, null).status, status], ['confirmed', 'suspected']);
    assert.deepEqual(
      reasons.map(({ rule, speaksFor }) => [rule, speaksFor]),
      [
        ['bound', true],
        ['share', false],
      ],
    );
  });

  it('trusts more in a leak that only needs more time than in growth that may end', () => {
    const most = (...rulings: readonly Ruling[]) => judged(...rulings).confidence;
    assert.deepEqual([most(PRO), most(PRO, WAITING), most(WAITING, AGAINST)], [0.9, 0.8, 0.4]);
  });

  it('gives no reasons for what is dismissed, and the first dismissal decides', () => {
    const early = judged(PRO, EARLY, HEALTHY, AGAINST);
    assert.deepEqual([early.status, early.dismissed, early.reasons], ['early', 'too-brief', []]);
    assert.equal(judged(HEALTHY, EARLY).status, 'healthy');
  });
});
