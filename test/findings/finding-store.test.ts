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
