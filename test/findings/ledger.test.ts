import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { FindingLedger } from '../../src/findings/ledger.js';
import type { Fingerprint } from '../../src/heap/suspects/suspect.js';
import { PACE_RULES } from '../../src/trigger/pace.js';
import { suspectWith } from '../support/suspect.js';

const RULES = PACE_RULES.fast.finding;
const STEADY = [1000, 2000, 3000, 4000, 5000, 6000];
const AT = Date.parse('2026-01-01T00:01:00Z');

function confirmed(): FindingLedger {
  const ledger = new FindingLedger(RULES);
  ledger.record([suspectWith(STEADY.slice(0, 3))], AT, null);
  ledger.record([suspectWith(STEADY)], AT + 20_000, null);
  return ledger;
}

describe('The ledger of findings', () => {
  it('keeps one finding for one fingerprint, from first seen to confirmed', () => {
    const [finding, ...more] = confirmed().findings;
    assert.equal(more.length, 0);
    assert.equal(finding?.status, 'confirmed');
    assert.equal(finding?.firstSeen, '2026-01-01T00:01:00.000Z');
    assert.equal(finding?.confirmedAt, '2026-01-01T00:01:20.000Z');
    assert.equal(
      finding?.title,
      'OrderHistory.byCustomer gains 6,000 entries a minute at every capture (6,000 now, 12.0 MB)',
    );
  });

  it('says that bytes are estimates where captures were sampled', () => {
    const ledger = new FindingLedger(RULES);
    ledger.record([suspectWith(STEADY, { scaled: true })], AT, null);
    const [finding] = ledger.findings;
    assert.equal(finding?.growth.bytesScaled, true);
    assert.match(finding.title, / \(6,000 now, about 12\.0 MB\)$/);
    assert.equal(confirmed().findings[0]?.growth.bytesScaled, false);
  });

  it('tells of a finding when it is new and when its status changes, and of nothing else', () => {
    const ledger = new FindingLedger(RULES);
    const told = (count: number) =>
      ledger.record([suspectWith(STEADY.slice(0, count))], AT, null).changed.map(({ status }) => status);
    assert.deepEqual(
      [told(2), told(3), told(5), told(6), told(6)],
      [[], ['suspected'], [], ['confirmed'], []],
    );
  });

  it('is quiet only when nothing grows that may become a finding', () => {
    const ledger = new FindingLedger(RULES);
    assert.equal(ledger.record([suspectWith(STEADY.slice(0, 2))], AT, null).quiet, false);
    assert.equal(ledger.record([suspectWith(STEADY, { artefact: 'compiled code' })], AT, null).quiet, true);
    assert.equal(ledger.record([], AT, null).quiet, true);
  });

  it('calls a finding plateaued at the first capture without growth and resolved after four', () => {
    const ledger = confirmed();
    const seen = [1, 2, 3, 4].map((i) => {
      ledger.record([], AT + i, null);
      return ledger.findings[0]?.status;
    });
    assert.deepEqual(seen, ['plateaued', 'plateaued', 'plateaued', 'resolved']);
    assert.equal(ledger.findings[0]?.growth.bytesPerSecond, 0);
    assert.equal(ledger.findings[0]?.title, 'OrderHistory.byCustomer has stopped growing');
    assert.deepEqual(
      ledger.findings[0]?.reasons.filter((reason) => /not grow/.test(reason)),
      ['has not grown at the latest 4 captures'],
    );
  });

  it('reopens a finding that grows again', () => {
    const ledger = confirmed();
    for (let i = 0; i < 4; i++) ledger.record([], AT, null);
    const { changed } = ledger.record([suspectWith(STEADY)], AT + 1, null);
    assert.equal(changed[0]?.status, 'confirmed');
  });

  it('gives the bytes a request costs where traffic was counted', () => {
    const ledger = new FindingLedger(RULES);
    ledger.record([suspectWith(STEADY)], AT, 50);
    assert.equal(ledger.findings[0]?.growth.bytesPerRequest, 4000);
  });

  it('orders findings worst first and holds a bounded number, the mildest leaving first', () => {
    const ledger = new FindingLedger(RULES);
    const many = Array.from({ length: 80 }, (_, i) =>
      suspectWith(
        STEADY.map((count) => count * (i + 1)),
        { fingerprint: `lw-${i.toString(16).padStart(16, '0')}` as Fingerprint },
      ),
    );
    ledger.record(many, AT, null);
    const rates = ledger.findings.map(({ growth }) => growth.bytesPerSecond);
    assert.equal(rates.length, 50);
    assert.deepEqual(
      rates,
      [...rates].sort((a, b) => b - a),
    );
    assert.equal(rates[0], 80 * 200_000);
  });
});
