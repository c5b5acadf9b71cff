import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Decisions } from '../../src/findings/decisions.js';
import { NOTHING_KNOWN } from '../../src/findings/described-finding.js';
import { FindingLedger } from '../../src/findings/ledger.js';
import type { LedgerFinding } from '../../src/findings/ledger-finding.js';
import type { OutsideFinding } from '../../src/findings/outside/outside-finding.js';
import type { Fingerprint } from '../../src/heap/naming/retainer-step.js';
import type { Suspect } from '../../src/heap/suspects/suspect.js';
import { PACE_RULES } from '../../src/pace/pace.js';
import { nameOf } from '../support/holder.js';
import { suspectWith } from '../support/suspect.js';

const RULES = PACE_RULES.fast.finding;
const STEADY = [1000, 2000, 3000, 4000, 5000, 6000];
const AT = Date.parse('2026-01-01T00:01:00Z');
const ID: Fingerprint = 'lw-0123456789abcdef';

function confirmed(): FindingLedger {
  const ledger = new FindingLedger(RULES);
  ledger.record([suspectWith(STEADY.slice(0, 3))], AT);
  ledger.record([suspectWith(STEADY)], AT + 20_000);
  return ledger;
}

/** One context for each step of a suspect, at so many requests by then. */
function served(ledger: FindingLedger, suspect: Suspect, requests: (at: number) => number): FindingLedger {
  for (const [at, { atMs }] of suspect.steps.entries())
    ledger.note({ atMs, requests: requests(at), openSockets: null, majorCollections: 0 });
  return ledger;
}

function growing(changes: Partial<OutsideFinding> = {}): OutsideFinding {
  return {
    ...NOTHING_KNOWN,
    id: 'lw-00000000000000aa',
    kind: 'handles',
    className: 'Timeout',
    status: 'suspected',
    headline: { says: 'grows', subject: { of: 'series' } },
    reasons: [],
    confidence: 0.7,
    mechanism: 'timers',
    growth: {
      bytesPerSecond: 0,
      objectsPerSecond: 10,
      bytesPerRequest: null,
      shareOfGrowth: 0,
      bytesScaled: false,
      steps: [],
    },
    atMs: AT,
    ...changes,
  };
}

const idsOf = (findings: readonly LedgerFinding[]) => findings.map(({ id }) => id);

describe('The ledger of findings', () => {
  it('gives the same object for a finding until something about it changes', () => {
    const ledger = confirmed();
    const decision = { at: '2026-01-01T00:02:00.000Z', by: 'ann', reason: 'known since Monday' };
    const other: Fingerprint = 'lw-fedcba9876543210';
    ledger.record([suspectWith(STEADY), suspectWith(STEADY, { fingerprint: other })], AT + 25_000);
    ledger.acknowledge(other, decision);
    const find = (id: string) => ledger.findings.find((finding) => finding.id === id);
    const [id] = idsOf(ledger.findings).filter((one) => one !== other) as [Fingerprint];
    const [one, second] = [find(id), find(other)];
    ledger.observe([growing()], AT + 26_000);
    assert.deepEqual([find(id) === one, find(other) === second], [true, true]);
    ledger.mute(id, decision);
    assert.deepEqual([find(id) === one, find(other) === second], [false, true]);
  });

  it('gives the same list until something changes', () => {
    const ledger = confirmed();
    const [{ id }] = ledger.findings as [LedgerFinding];
    const decision = { at: '2026-01-01T00:02:00.000Z', by: 'ann', reason: 'known since Monday' };
    const changes: Readonly<Record<string, () => unknown>> = {
      record: () => ledger.record([suspectWith([...STEADY, 7000])], AT + 40_000),
      observe: () => ledger.observe([growing()], AT + 41_000),
      mute: () => ledger.mute(id, decision),
      unmute: () => ledger.unmute(id),
      acknowledge: () => ledger.acknowledge(id, decision),
      withdrawAcknowledgement: () => ledger.withdrawAcknowledgement(id),
    };
    for (const [name, change] of Object.entries(changes)) {
      const before = ledger.findings;
      assert.equal(ledger.findings, before);
      change();
      assert.notDeepEqual(ledger.findings, before, name);
    }
  });

  it('keeps one finding for one fingerprint, from first seen to confirmed', () => {
    const [finding, ...more] = confirmed().findings;
    assert.equal(more.length, 0);
    assert.equal(finding?.status, 'confirmed');
    assert.equal(finding?.firstSeen, '2026-01-01T00:01:00.000Z');
    assert.equal(finding?.confirmedAt, '2026-01-01T00:01:20.000Z');
    const subject = { of: 'path', holder: suspectWith(STEADY).holder };
    assert.deepEqual(finding?.headline, { says: 'grows', subject });
    assert.deepEqual([finding?.growth.objectsPerSecond, finding?.growth.steps.at(-1)?.count], [100, 6000]);
  });

  it('says that bytes are estimates where captures were sampled', () => {
    const ledger = new FindingLedger(RULES);
    ledger.record([suspectWith(STEADY, { scaled: true })], AT);
    const [finding] = ledger.findings;
    assert.equal(finding?.growth.bytesScaled, true);
    assert.equal(confirmed().findings[0]?.growth.bytesScaled, false);
  });

  it('reports a finding when it is new and when its status changes, and nothing else', () => {
    const ledger = new FindingLedger(RULES);
    const changes = (count: number) =>
      ledger.record([suspectWith(STEADY.slice(0, count))], AT).changed.map(({ status }) => status);
    assert.deepEqual(
      [changes(2), changes(3), changes(5), changes(6), changes(6)],
      [[], ['suspected'], [], ['confirmed'], []],
    );
  });

  it('is quiet only when nothing grows that may become a finding', () => {
    const ledger = new FindingLedger(RULES);
    assert.equal(ledger.record([suspectWith(STEADY.slice(0, 2))], AT).quiet, false);
    assert.equal(ledger.record([suspectWith(STEADY, { artefact: 'v8-memory' })], AT).quiet, true);
    assert.equal(ledger.record([], AT).quiet, true);
  });

  it('calls a finding plateaued at the first capture without growth and resolved after four', () => {
    const ledger = confirmed();
    const seen = [1, 2, 3, 4].map((i) => {
      ledger.record([], AT + i);
      return ledger.findings[0]?.status;
    });
    assert.deepEqual(seen, ['plateaued', 'plateaued', 'plateaued', 'resolved']);
    const [finding] = ledger.findings;
    assert.equal(finding?.growth.bytesPerSecond, 0);
    assert.equal(finding?.headline.says, 'stopped');
    assert.deepEqual(
      finding.reasons.filter(({ rule }) => rule === 'settled').map(({ numbers }) => numbers),
      [{ flatCaptures: 4 }],
    );
  });

  it('compares growth with traffic across a step of the wall clock', () => {
    const suspect = suspectWith(STEADY);
    const expected = served(new FindingLedger(RULES), suspect, (at) => at * 1000);
    expected.record([suspect], AT);
    const day = 86_400_000;
    const ledger = new FindingLedger(RULES);
    for (const [at, step] of suspect.steps.entries()) {
      const isLast = at === suspect.steps.length - 1;
      const context = { requests: at * 1000, openSockets: null, majorCollections: 0 };
      ledger.note({ ...context, atMs: step.atMs - (isLast ? 0 : day) }, isLast ? day : 0);
    }
    ledger.record([suspect], AT);
    assert.notEqual(expected.findings[0]!.growth.bytesPerRequest, null);
    assert.deepEqual(ledger.findings, expected.findings);
  });

  it('does not hold it against a confirmed finding that it stands still while there is no traffic', () => {
    const suspect = suspectWith(STEADY);
    const ledger = served(new FindingLedger(RULES), suspect, (at) => at * 1000);
    ledger.record([suspect], AT);
    const quiet = (atMs: number) => {
      ledger.note({ atMs, requests: 5000, openSockets: null, majorCollections: 0 });
      ledger.record([], atMs);
      return ledger.findings[0]?.status;
    };
    assert.deepEqual(
      [1, 2, 3, 4, 5].map((i) => quiet(AT + i * 10_000)),
      Array(5).fill('confirmed'),
    );
    ledger.note({ atMs: AT + 60_000, requests: 6000, openSockets: null, majorCollections: 0 });
    ledger.record([], AT + 60_000);
    assert.equal(ledger.findings[0]?.status, 'plateaued');
  });

  it('reopens a finding that grows again', () => {
    const ledger = confirmed();
    for (let i = 0; i < 4; i++) ledger.record([], AT);
    const { changed } = ledger.record([suspectWith(STEADY)], AT + 1);
    assert.equal(changed[0]?.status, 'confirmed');
  });

  it('does not call off a confirmed finding that goes on below the share for a capture', () => {
    const ledger = confirmed();
    const smallShare = { shareOfGrowth: 0.01 };
    const { changed, quiet } = ledger.record([suspectWith([...STEADY, 7000], smallShare)], AT + 30_000);
    assert.deepEqual([changed, quiet, ledger.findings[0]?.status], [[], false, 'confirmed']);
    ledger.record([suspectWith([...STEADY, 7000, 7000], smallShare)], AT + 40_000);
    assert.equal(ledger.findings[0]?.status, 'plateaued');
  });

  it('does not call off what leaks in batches, on and off, at every pause', () => {
    const counts = [1000, 2000, 3000, 3000, 4000, 5000, 6000, 7000];
    const ledger = new FindingLedger(RULES);
    const status = (...seen: readonly Suspect[]) => {
      ledger.record(seen, AT);
      return ledger.findings[0]?.status;
    };
    assert.equal(status(suspectWith(counts)), 'confirmed');
    assert.equal(status(), 'confirmed');
    assert.equal(status(suspectWith([...counts, 7000, 8000, 9000])), 'confirmed');
    assert.deepEqual(
      [status(), status(), status(), status()],
      ['confirmed', 'plateaued', 'plateaued', 'resolved'],
    );
  });

  it('gives the bytes a request costs where traffic was counted', () => {
    const suspect = suspectWith(STEADY);
    const ledger = served(new FindingLedger(RULES), suspect, (at) => at * 500);
    ledger.record([suspect], AT);
    assert.equal(ledger.findings[0]?.growth.bytesPerRequest, 4000);
    assert.equal(confirmed().findings[0]?.growth.bytesPerRequest, null);
  });

  it('orders findings worst first and holds a bounded number, the mildest leaving first', () => {
    const ledger = new FindingLedger(RULES);
    const many = Array.from({ length: 80 }, (_, i) =>
      suspectWith(
        STEADY.map((count) => count * (i + 1)),
        { fingerprint: `lw-${i.toString(16).padStart(16, '0')}` as Fingerprint },
      ),
    );
    ledger.record(many, AT);
    const rates = ledger.findings.map(({ growth }) => growth.bytesPerSecond);
    assert.equal(rates.length, 50);
    assert.deepEqual(
      rates,
      [...rates].sort((a, b) => b - a),
    );
    assert.equal(rates[0], 80 * 200_000);
  });

  it('takes a bound that moves along for a counter', () => {
    const ledger = new FindingLedger(RULES);
    const full = (limit: number) =>
      ledger.record(
        [suspectWith(STEADY, { bound: { source: 'setting', name: 'max', limit, unit: 'entries' } })],
        AT,
      );
    full(9000);
    full(9000);
    assert.equal(ledger.findings[0]?.status, 'suspected');
    full(10_000);
    assert.equal(ledger.findings[0]?.status, 'confirmed');
  });

  it('holds back once for a bound that a capture misses, and no longer', () => {
    const ledger = new FindingLedger(RULES);
    const after = (bound: Suspect['bound']) => {
      ledger.record([suspectWith(STEADY, { bound })], AT);
      return ledger.findings[0]?.status;
    };
    const max = { source: 'setting', name: 'max', limit: 9000, unit: 'entries' } as const;
    assert.deepEqual([max, null, max, null, null].map(after), [
      'suspected',
      'suspected',
      'suspected',
      'suspected',
      'confirmed',
    ]);
  });
});

describe('A muted finding', () => {
  it('is published and marked, but not announced', () => {
    const ledger = new FindingLedger(RULES);
    ledger.mute(ID);
    assert.deepEqual(ledger.record([suspectWith(STEADY)], AT).changed, []);
    assert.equal(ledger.findings[0]?.status, 'confirmed');
    assert.equal(ledger.findings[0]?.muted, true);
  });

  it('is heard again at its next change once it is not muted any more', () => {
    const ledger = new FindingLedger(RULES);
    ledger.mute(ID);
    ledger.record([suspectWith(STEADY)], AT);
    assert.equal(ledger.unmute(ID), true);
    assert.equal(ledger.unmute(ID), false);
    assert.deepEqual(idsOf(ledger.record([], AT).changed), [ID]);
  });

  it('makes room for later ones: of 200 the first is heard again', () => {
    const ledger = new FindingLedger(RULES);
    ledger.mute(ID);
    for (let i = 1; i <= 200; i++) ledger.mute(`lw-${i.toString(16).padStart(16, '0')}`);
    assert.equal(ledger.toStore(nameOf).muted.length, 200);
    assert.equal(ledger.unmute(ID), false);
  });
});

describe('An acknowledged finding', () => {
  const decision = { at: '2026-01-01T00:02:00.000Z', by: 'token-1', reason: 'we are on it' };
  const suspected = () => {
    const ledger = new FindingLedger(RULES);
    ledger.record([suspectWith(STEADY.slice(0, 3))], AT);
    ledger.acknowledge(ID, decision);
    return ledger;
  };

  it('says who takes care of it, and since when', () => {
    const [finding] = suspected().findings;
    assert.deepEqual(finding?.acknowledgement, decision);
    assert.equal(finding.muted, false);
  });

  it('is announced when it becomes worse, and is not acknowledged any more', () => {
    const ledger = suspected();
    assert.deepEqual(
      ledger.record([suspectWith(STEADY)], AT).changed.map(({ status }) => status),
      ['confirmed'],
    );
    assert.equal(ledger.findings[0]?.acknowledgement, null);
  });

  it('is not announced when it stops and grows again as before', () => {
    const ledger = confirmed();
    assert.equal(ledger.acknowledge(ID, decision), true);
    assert.deepEqual(ledger.record([], AT).changed, []);
    assert.equal(ledger.findings[0]?.status, 'plateaued');
    assert.deepEqual(ledger.record([suspectWith(STEADY)], AT).changed, []);
    assert.equal(ledger.findings[0]?.status, 'confirmed');
    assert.deepEqual(ledger.findings[0].acknowledgement, decision);
  });

  it('is announced when it is resolved, and again when it comes back', () => {
    const ledger = confirmed();
    ledger.acknowledge(ID, decision);
    const heard = [];
    for (let i = 0; i < 4; i++) heard.push(...ledger.record([], AT).changed);
    heard.push(...ledger.record([suspectWith(STEADY)], AT).changed);
    assert.deepEqual(
      heard.map(({ status, acknowledgement }) => [status, acknowledgement]),
      [
        ['resolved', null],
        ['confirmed', null],
      ],
    );
  });

  it('is heard again once its acknowledgement is withdrawn', () => {
    const ledger = confirmed();
    ledger.acknowledge(ID, decision);
    assert.equal(ledger.withdrawAcknowledgement(ID), true);
    assert.equal(ledger.withdrawAcknowledgement(ID), false);
    assert.deepEqual(idsOf(ledger.record([], AT).changed), [ID]);
  });

  it('is silent while it is muted as well', () => {
    const ledger = suspected();
    ledger.mute(ID, decision);
    assert.deepEqual(ledger.record([suspectWith(STEADY)], AT).changed, []);
    assert.deepEqual([ledger.findings[0]?.acknowledgement, ledger.findings[0]?.muting], [null, decision]);
  });

  it('must be known', () => {
    assert.equal(new FindingLedger(RULES).acknowledge(ID, decision), false);
  });

  it('makes room for later ones: of 50 the first is heard again', () => {
    const decisions = new Decisions(null);
    const idOf = (i: number): Fingerprint => `lw-${i.toString(16).padStart(16, '0')}`;
    for (let i = 0; i <= 50; i++) decisions.acknowledge(idOf(i), { ...decision, status: 'confirmed' });
    const heard = [0, 1, 50].map((i) => decisions.announces({ id: idOf(i), status: 'confirmed' }));
    assert.deepEqual(heard, [true, false, false]);
  });

  it('outside the graph is silent as well', () => {
    const ledger = new FindingLedger(RULES);
    ledger.observe([growing({ status: 'confirmed' })], AT);
    ledger.acknowledge(growing().id, decision);
    assert.deepEqual(ledger.observe([growing()], AT).changed, []);
    assert.deepEqual(ledger.findings[0]?.acknowledgement, decision);
  });
});

describe('Growth outside the graph', () => {
  it('is a finding of its own while nothing in the graph explains it', () => {
    const ledger = new FindingLedger(RULES);
    assert.deepEqual(idsOf(ledger.observe([growing()], AT).changed), [growing().id]);
    assert.deepEqual(ledger.observe([growing()], AT).changed, []);
    assert.deepEqual(
      ledger.observe([growing({ status: 'confirmed' })], AT).changed.map(({ status }) => status),
      ['confirmed'],
    );
    assert.equal(ledger.findings[0]?.kind, 'handles');
  });

  it('becomes evidence of the finding that explains it, and is announced as ended', () => {
    const ledger = new FindingLedger(RULES);
    ledger.observe([growing()], AT);
    ledger.record([suspectWith(STEADY, { mechanism: 'timers' })], AT);
    const { changed } = ledger.observe([growing()], AT);
    assert.deepEqual(
      changed.map(({ id, status, reasons: [why] }) => [id, status, why?.says === 'explained' && why.by]),
      [[growing().id, 'resolved', ID]],
    );
    const [finding, ...more] = ledger.findings;
    assert.equal(more.length, 0);
    assert.equal(finding?.id, ID);
    const reason = finding?.reasons.at(-1);
    assert.ok(reason?.says === 'also-grows');
    assert.equal(reason.grew.className, growing().className);
  });

  it('belongs to the worker threads that opened it, however many descriptors each has', () => {
    const ledger = new FindingLedger(RULES);
    const descriptors = growing({ className: 'FileDescriptor', mechanism: null, status: 'confirmed' });
    ledger.observe([descriptors], AT);
    ledger.record([suspectWith(STEADY, { mechanism: 'worker threads' })], AT);
    ledger.observe([descriptors], AT);
    assert.deepEqual(idsOf(ledger.findings), [ID]);
    assert.equal(ledger.findings[0]?.kind, 'handles');
  });

  it('says where the bytes are of what native objects of Node hold', () => {
    const ledger = new FindingLedger(RULES);
    const step = { edge: 'blobs', edgeType: 'property', nodeType: 'object' } as const;
    const kindOf = (node: string) => {
      ledger.record([suspectWith(STEADY, { retainerPath: [{ ...step, node }] })], AT);
      ledger.observe([growing({ kind: 'native', className: 'native', mechanism: null })], AT);
      return ledger.findings.map(({ kind }) => kind);
    };
    assert.deepEqual(kindOf('Node / BlobBindingData'), ['native']);
    assert.deepEqual(kindOf('OrderHistory'), ['heap']);
  });

  it('belongs to what grows at its pace, such as objects that each hold a buffer', () => {
    const ledger = new FindingLedger(RULES);
    ledger.record([suspectWith(STEADY)], AT);
    const growth = { ...growing().growth, bytesPerSecond: 180_000, objectsPerSecond: 0 };
    ledger.observe([growing({ kind: 'external', className: 'external', mechanism: 'buffers', growth })], AT);
    assert.deepEqual(
      ledger.findings.map(({ id, kind }) => [id, kind]),
      [[ID, 'external']],
    );
    const other = { ...growth, bytesPerSecond: 2_000_000 };
    ledger.observe(
      [growing({ kind: 'external', className: 'external', mechanism: 'buffers', growth: other })],
      AT,
    );
    assert.equal(ledger.findings.length, 2);
  });

  it('stands next to an open finding of the same kind that has nothing to do with it', () => {
    const ledger = new FindingLedger(RULES);
    ledger.record([suspectWith(STEADY, { mechanism: 'timers' })], AT);
    const descriptors = growing({ className: 'FileDescriptor', mechanism: null, status: 'confirmed' });
    assert.deepEqual(idsOf(ledger.observe([descriptors], AT).changed), [descriptors.id]);
    assert.deepEqual(idsOf(ledger.findings).toSorted(), [descriptors.id, ID].toSorted());
  });

  it('is a finding by itself if native memory grows far faster than a confirmed leak of the heap', () => {
    const native = (bytesPerSecond: number) => {
      const ledger = confirmed();
      const growth = { ...growing().growth, bytesPerSecond, objectsPerSecond: 0 };
      ledger.observe([growing({ kind: 'native', className: 'native', mechanism: null, growth })], AT);
      return ledger.findings.map(({ kind }) => kind).toSorted();
    };
    assert.deepEqual(native(600_000), ['heap']);
    assert.deepEqual(native(2_000_000), ['heap', 'native']);
  });

  it('takes the place of one that is resolved where 32 are followed, and of no other', () => {
    const ledger = new FindingLedger(RULES);
    const numbered = (i: number, atMs: number) =>
      growing({ id: `lw-${i.toString(16).padStart(16, '0')}`, className: `Type${i}`, mechanism: null, atMs });
    const many = Array.from({ length: 32 }, (_, i) => numbered(i, AT));
    ledger.observe(many, AT);
    assert.deepEqual(ledger.observe([...many, numbered(32, AT)], AT).changed, []);
    const later = AT + RULES.confirmMs;
    ledger.observe(many.slice(1), later);
    const { changed } = ledger.observe([...many.slice(1), numbered(32, later)], later);
    assert.deepEqual(idsOf(changed), [numbered(32, later).id]);
    assert.equal(ledger.findings.length, 32);
    assert.ok(!idsOf(ledger.findings).includes(many[0]!.id));
  });

  it('has stopped when it is not seen any more, and is resolved after the time that confirms', () => {
    const ledger = new FindingLedger(RULES);
    ledger.observe([growing({ status: 'confirmed' })], AT);
    const later = (ms: number) => ledger.observe([], AT + ms).changed.map(({ status }) => status);
    assert.deepEqual(
      [later(1000), later(2000), later(RULES.confirmMs), later(RULES.confirmMs + 1)],
      [['plateaued'], [], ['resolved'], []],
    );
  });
});
