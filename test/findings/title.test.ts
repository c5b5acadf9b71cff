import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { titleOf } from '../../src/findings/title.js';
import { judgeSuspect } from '../../src/findings/verdict/verdict.js';
import type { Suspect } from '../../src/heap/suspects/suspect.js';
import { kindOf } from '../../src/mechanisms/open-resources.js';
import { PACE_RULES } from '../../src/pace/pace.js';
import { inClass, listenersOf } from '../support/holder.js';
import { suspectWith } from '../support/suspect.js';

function title(change: Partial<Suspect>, counts = [1000, 2000, 3000]): string {
  const suspect = suspectWith(counts, change);
  const rules = PACE_RULES.fast.finding;
  return titleOf(suspect, judgeSuspect(suspect, { rules, history: [], boundBefore: null }));
}

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
  });

  it('names the code that timers, sockets and watchers call where Node holds them, that of the program first', () => {
    assert.equal(
      title({ mechanism: 'timers', holder: { kind: 'timers', callback: POLLER } }),
      'Timers that are never cleared: poll() in src/poller.ts:12 gains 6,000 a minute (3,000 now, 6.0 MB)',
    );
    assert.match(
      title({ mechanism: 'sockets', holder: inClass('Socket'), locations: [PACKAGED] }),
      /^Sockets that are never closed: a function in @scope\/retry\/lib\/index\.js:7 gains 6,000 a minute /,
    );
    assert.match(
      title({ mechanism: 'watchers', holder: inClass('Watchers'), locations: [PACKAGED], yours: POLLER }),
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
    assert.match(
      title({ mechanism, holder: listenersOf('list', null, 'AbortSignal', inClass('App.signal')) }),
      /^Listeners pile up on AbortSignal \(App\.signal\): /,
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
});

describe('The kind of a finding', () => {
  it('follows from how its members are held', () => {
    assert.equal(kindOf('buffers'), 'external');
    assert.equal(kindOf('timers'), 'handles');
    assert.equal(kindOf('contexts'), 'contexts');
    assert.equal(kindOf('linked list'), 'heap');
    assert.equal(kindOf(null), 'heap');
  });
});
