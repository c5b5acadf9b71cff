import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { pathFinding, settledFinding, withPast } from '../../src/findings/described-finding.js';
import type { LedgerFinding } from '../../src/findings/ledger-finding.js';
import { restoredFinding } from '../../src/findings/restored-finding.js';
import { CaptureHistory } from '../../src/findings/verdict/capture-history.js';
import { judgeSuspect } from '../../src/findings/verdict/path-verdict.js';
import type { Suspect } from '../../src/heap/suspects/suspect.js';
import { PACE_RULES } from '../../src/pace/pace.js';
import { titleText } from '../../src/wording/title-text.js';
import { inClass, listenersOf, ofModule } from '../support/holder.js';
import { suspectWith } from '../support/suspect.js';

const AT = Date.parse('2026-01-01T00:01:00Z');

function found(change: Partial<Suspect> = {}): LedgerFinding {
  const suspect = suspectWith([1000, 2000, 3000], change);
  const rules = PACE_RULES.fast.finding;
  const verdict = judgeSuspect(suspect, { rules, history: new CaptureHistory(), boundBefore: null });
  return withPast(pathFinding(suspect, { ...verdict, status: 'suspected', dismissed: null }), undefined, AT);
}

const title = (change: Partial<Suspect>) => titleText(found(change));

const POLLER = { function: 'poll', url: 'file:///srv/app/src/poller.ts', line: 12, column: 3 };
const PACKAGED = {
  function: 'function',
  url: 'file:///srv/app/node_modules/@scope/retry/lib/index.js?x=1',
  line: 7,
  column: 1,
};

describe('The title of a finding', () => {
  it('leads with the holder where it has no name for how things are held', () => {
    const entry = { edge: '[]', edgeType: 'entry', node: 'Order', nodeType: 'object' } as const;
    assert.equal(
      title({ holder: inClass('MemoryStore.sessions'), retainerPath: [entry] }),
      'MemoryStore.sessions gains 6,000 entries a minute (3,000 now, 6.0 MB)',
    );
    assert.equal(title({}), 'OrderHistory.byCustomer gains 6,000 objects a minute (3,000 now, 6.0 MB)');
  });

  it('says that bytes are estimates where captures were sampled', () => {
    assert.match(title({ scaled: true }), / \(3,000 now, about 6\.0 MB\)$/);
  });

  it('names the code that timers, sockets and watchers call where Node holds them, that of the program first', () => {
    assert.equal(
      title({ mechanism: 'timers', holder: { kind: 'timers', callback: POLLER } }),
      'Timers that are never cleared: poll() in src/poller.ts:12 gains 6,000 a minute (3,000 now, 6.0 MB)',
    );
    const open = { kind: 'open', className: 'Node / TCPSocketWrap', callback: null } as const;
    assert.match(
      title({ mechanism: 'sockets', holder: open, locations: [PACKAGED] }),
      /^Sockets that are never closed: a function in @scope\/retry\/lib\/index\.js:7 gains 6,000 a minute /,
    );
    assert.match(
      title({ mechanism: 'watchers', holder: open, locations: [PACKAGED], yours: POLLER }),
      /: poll\(\) in src\/poller\.ts:12 gains/,
    );
    const held = [{ edge: 'pool', edgeType: 'variable', node: 'Pool', nodeType: 'object' }] as const;
    assert.match(
      title({
        mechanism: 'sockets',
        holder: inClass('Pool.idle'),
        locations: [POLLER],
        retainerPath: [...held, ...held],
      }),
      /^Sockets that are never closed: Pool\.idle gains 6,000 sockets a minute/,
    );
    assert.match(
      title({ mechanism: 'timers', holder: { kind: 'timers', callback: null } }),
      /^Timers that are never cleared: timer list of node:timers gains 6,000 timers a minute/,
    );
  });

  it('says whose listeners pile up and of which event', () => {
    const mechanism = 'event listeners';
    assert.equal(
      title({ mechanism, holder: listenersOf('array', 'data', 'Socket') }),
      "Listeners of 'data' pile up on Socket: 6,000 more a minute (3,000 now, 6.0 MB)",
    );
    const place = ofModule('stop.signal', 'app/stop.js');
    assert.match(
      title({ mechanism, holder: listenersOf('list', null, 'AbortSignal', place) }),
      /^Listeners pile up on AbortSignal \(module variable stop\.signal of app\/stop\.js\): /,
    );
    assert.match(
      title({ mechanism, holder: inClass('Bus') }),
      /^Listeners that are never removed: Bus gains/,
    );
  });

  it('counts by the hour what comes slowly', () => {
    const steps = [0, 1, 2].map((i) => ({ atMs: i * 600_000, count: 10 + i * 4, bytes: (10 + i * 4) * 1e6 }));
    assert.match(title({ steps, risingSteps: 2 }), /gains 24 objects an hour \(18 now/);
  });

  it('says that it has stopped growing, and that it has not grown since a restart', () => {
    const why = { rule: 'settled', says: 'ended', numbers: {}, speaksFor: false } as const;
    const stopped = settledFinding(found(), 'stood-still', why);
    assert.equal(titleText(stopped), 'OrderHistory.byCustomer has stopped growing');
    const restored = restoredFinding({ ...found(), owner: 'Bus.listeners' });
    assert.equal(titleText(restored), 'Bus.listeners grew before the restart; no growth seen since');
    assert.equal(
      titleText(settledFinding(restored, 'gone-for-long', why)),
      'Bus.listeners has stopped growing',
    );
  });
});
