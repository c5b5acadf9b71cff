import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { FindingLedger } from '../../src/findings/ledger.js';
import type { Suspect } from '../../src/heap/suspects/suspect.js';
import { PACE_RULES } from '../../src/pace/pace.js';
import { publishedFinding } from '../../src/wording/finding-text.js';
import { storeProblemText } from '../../src/wording/store-text.js';
import { inClass } from '../support/holder.js';
import { suspectWith } from '../support/suspect.js';

function published(change: Partial<Suspect>) {
  const ledger = new FindingLedger(PACE_RULES.fast.finding);
  ledger.record([suspectWith([1000, 2000, 3000, 4000], change)], Date.parse('2026-01-01T00:01:00Z'));
  const [finding] = ledger.findings;
  assert.ok(finding !== undefined);
  return publishedFinding(finding);
}

describe('A published finding', () => {
  it('has a sentence for every piece of evidence, and what would change what holds it back', () => {
    const { reasons, evidence } = published({
      bound: { source: 'setting', name: 'max', limit: 9000, unit: 'entries' },
    });
    assert.equal(reasons.length, evidence.length);
    for (const { speaksFor, untilWhat } of evidence) if (!speaksFor) assert.ok(untilWhat);
    assert.deepEqual(evidence[0], {
      rule: 'persistence',
      speaksFor: true,
      numbers: { observations: 4, spanMs: 30_000, stillCaptures: 0 },
      untilWhat: 'to be confirmed it must grow at 2 more captures',
    });
  });

  it('names other holders, and keeps nothing that is not published', () => {
    const finding = published({ alsoHeldBy: [inClass('Index.byId')] });
    assert.deepEqual(finding.alsoHeldBy, ['Index.byId']);
    assert.ok(!('headline' in finding));
  });
});

describe('A file of findings that cannot be used', () => {
  it('is described by its problem', () => {
    assert.equal(storeProblemText({ is: 'too-long' }), 'it is too long');
    assert.equal(storeProblemText({ is: 'not-json' }), 'it is not JSON');
    assert.equal(
      storeProblemText({ is: 'other-version', version: '2', expected: 1 }),
      'its format version is 2, not 1',
    );
    assert.equal(storeProblemText({ is: 'malformed', field: 'id' }), 'its id is malformed');
  });
});
