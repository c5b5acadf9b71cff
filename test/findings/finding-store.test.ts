import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { decodeFindings, encodeFindings, MAX_STORED_LENGTH } from '../../src/findings/finding-store.js';
import { FindingLedger } from '../../src/findings/ledger.js';
import type { Fingerprint } from '../../src/heap/naming/retainer-step.js';
import { PACE_RULES } from '../../src/pace/pace.js';
import { holderText } from '../../src/wording/holder-text.js';
import { inClass } from '../support/holder.js';
import { suspectWith } from '../support/suspect.js';

const RULES = PACE_RULES.fast.finding;
const STEADY = [1000, 2000, 3000, 4000, 5000, 6000];
const AT = Date.parse('2026-01-01T00:01:00Z');
const DAY_MS = 24 * 60 * 60 * 1000;
const OTHER: Fingerprint = 'lw-00000000000000ff';

function before(): FindingLedger {
  const ledger = new FindingLedger(RULES);
  ledger.record([suspectWith(STEADY)], AT);
  ledger.mute(OTHER);
  return ledger;
}

function restarted(ledger: FindingLedger, nowMs = AT): FindingLedger {
  const decoded = decodeFindings(encodeFindings(ledger.toStore(holderText)), nowMs);
  assert.equal(decoded.outcome, 'success');
  return new FindingLedger(RULES, decoded.stored);
}

describe('Findings that were kept over a restart', () => {
  it('are history until they grow again', () => {
    const [finding] = restarted(before()).findings;
    assert.equal(finding?.id, suspectWith(STEADY).fingerprint);
    assert.equal(finding.status, 'plateaued');
    assert.equal(finding.confirmedAt, '2026-01-01T00:01:00.000Z');
    assert.deepEqual(finding.headline, {
      says: 'still-since-restart',
      subject: { of: 'stored-path', owner: holderText(suspectWith(STEADY).holder) },
    });
    assert.equal(finding.growth.bytesPerSecond, 0);
    assert.equal(finding.growth.steps.length, STEADY.length);
    assert.deepEqual(finding.reasons, [
      {
        rule: 'seen-before',
        says: 'confirmed',
        numbers: { firstSeenMs: AT },
        at: '2026-01-01T00:01:00.000Z',
        speaksFor: false,
      },
    ]);
  });

  it('need the same evidence again, and keep when they were first seen', () => {
    const ledger = restarted(before());
    const later = AT + DAY_MS;
    const { changed } = ledger.record([suspectWith(STEADY.slice(0, 3))], later);
    assert.equal(changed[0]?.status, 'suspected');
    assert.equal(changed[0].firstSeen, '2026-01-01T00:01:00.000Z');
    assert.equal(changed[0].reasons.at(-1)?.rule, 'seen-before');
    ledger.record([suspectWith(STEADY)], later);
    assert.equal(ledger.findings[0]?.status, 'confirmed');
    assert.equal(ledger.findings[0].confirmedAt, '2026-01-02T00:01:00.000Z');
    const past = ledger.findings[0].reasons.at(-1);
    assert.deepEqual([past?.says, past?.speaksFor], ['confirmed', true]);
  });

  it('are not announced again if they were resolved before', () => {
    const ledger = before();
    for (let i = 0; i < 4; i++) ledger.record([], AT);
    const again = restarted(ledger);
    assert.equal(again.findings[0]?.status, 'resolved');
    for (let i = 0; i < 5; i++) assert.deepEqual(again.record([], AT).changed, []);
    assert.equal(again.findings[0]?.status, 'resolved');
  });

  it('are resolved when they do not grow again', () => {
    const ledger = restarted(before());
    for (let i = 0; i < 4; i++) ledger.record([], AT);
    assert.equal(ledger.findings[0]?.status, 'resolved');
  });

  it('survive any number of restarts, and leave after 30 days; mutes stay', () => {
    const twice = restarted(restarted(before()));
    assert.deepEqual(twice.findings, restarted(before()).findings);
    const old = restarted(before(), AT + 31 * DAY_MS);
    assert.deepEqual(old.findings, []);
    assert.deepEqual(old.toStore(holderText).muted, [OTHER]);
  });

  it('bring along what was decided about them, with reasons', () => {
    const decision = { at: '2026-01-01T00:02:00.000Z', by: 'token-1', reason: 'we are on it' };
    const ledger = before();
    const { fingerprint } = suspectWith(STEADY);
    ledger.mute(fingerprint, decision);
    ledger.acknowledge(fingerprint, { ...decision, reason: 'x'.repeat(900) });
    const again = restarted(restarted(ledger));
    assert.deepEqual(again.findings[0]?.muting, decision);
    assert.equal(again.findings[0].acknowledgement?.reason, `${'x'.repeat(499)}…`);
    // Nobody has to hear again of what somebody takes care of.
    again.unmute(fingerprint);
    assert.deepEqual(again.record([suspectWith(STEADY)], AT).changed, []);
    assert.equal(again.findings[0]?.status, 'confirmed');
  });

  it('of an earlier version, which kept no reasons, are read as well', () => {
    const {
      muting: _,
      acknowledged: __,
      ...earlier
    } = JSON.parse(encodeFindings(before().toStore(holderText)));
    const decoded = decodeFindings(JSON.stringify(earlier), AT);
    assert.ok(decoded.outcome === 'success');
    assert.deepEqual(decoded.stored.muted, [OTHER]);
    assert.equal(decoded.stored.muting.size, 0);
  });

  it('fit the file with the longest reasons for the most decisions', () => {
    const ledger = new FindingLedger(RULES);
    const reason = '\u0001'.repeat(900);
    const idOf = (i: number): Fingerprint => `lw-${i.toString(16).padStart(16, '0')}`;
    ledger.record(
      Array.from({ length: 50 }, (_, i) => suspectWith(STEADY, { fingerprint: idOf(i) })),
      AT,
    );
    const decision = { at: '2026-01-01T00:02:00.000Z', by: 'b'.repeat(900), reason };
    for (let i = 0; i < 50; i++) ledger.acknowledge(idOf(i), decision);
    for (let i = 0; i < 250; i++) ledger.mute(idOf(i), decision);
    const text = encodeFindings(ledger.toStore(holderText));
    assert.ok(text.length <= MAX_STORED_LENGTH);
    const decoded = decodeFindings(text, AT);
    assert.ok(decoded.outcome === 'success');
    assert.deepEqual([decoded.stored.muting.size, decoded.stored.acknowledged.size], [200, 50]);
  });

  it('are bounded: the mildest are left out, long names are cut', () => {
    const ledger = new FindingLedger(RULES);
    const many = Array.from({ length: 50 }, (_, i) =>
      suspectWith(
        STEADY.map((count) => count * (i + 1)),
        {
          fingerprint: `lw-${i.toString(16).padStart(16, '0')}`,
          holder: inClass('o'.repeat(9000)),
          retainerPath: Array.from({ length: 300 }, () => ({
            edge: 'e'.repeat(9000),
            edgeType: 'property' as const,
            node: 'n',
            nodeType: 'object' as const,
          })),
        },
      ),
    );
    ledger.record(many, AT);
    const text = encodeFindings(ledger.toStore(holderText));
    assert.ok(text.length <= MAX_STORED_LENGTH);
    const { findings } = restarted(ledger);
    assert.ok(findings.length > 0 && findings.length < 50);
    assert.ok(findings.some(({ id }) => id === many.at(-1)?.fingerprint));
  });
});

describe('A file that is no good', () => {
  const good = encodeFindings(before().toStore(holderText));
  const problemOf = (text: string) => {
    const decoded = decodeFindings(text, AT);
    return decoded.outcome === 'failure' ? decoded.problem : null;
  };

  it('is refused with the problem', () => {
    const malformed = (field: string) => ({ is: 'malformed', field });
    assert.equal(problemOf(good), null);
    assert.deepEqual(problemOf(good.slice(0, -9)), { is: 'not-json' });
    assert.deepEqual(problemOf('[]'), malformed('structure'));
    assert.deepEqual(problemOf('{"version":2}'), { is: 'other-version', version: '2', expected: 1 });
    assert.deepEqual(problemOf(good.replace('"confirmed"', '"certain"')), malformed('status'));
    assert.deepEqual(problemOf(good.replace('lw-0123456789abcdef', '../../etc')), malformed('id'));
    assert.deepEqual(problemOf(' '.repeat(MAX_STORED_LENGTH + 1)), { is: 'too-long' });
  });

  it('never throws, wherever it was changed', () => {
    fc.assert(
      fc.property(fc.nat({ max: good.length - 1 }), fc.string({ maxLength: 4 }), (at, text) => {
        const changed = good.slice(0, at) + text + good.slice(at + text.length);
        const decoded = decodeFindings(changed, AT);
        if (decoded.outcome === 'success') assert.ok(new FindingLedger(RULES, decoded.stored).findings);
      }),
    );
  });
});
