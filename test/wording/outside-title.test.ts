import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Titled } from '../../src/findings/headline.js';
import { seriesTitle, siteTitle } from '../../src/wording/outside-title.js';

const GROWTH = { bytesPerRequest: null, shareOfGrowth: 1, bytesScaled: false };

/** Growth of 10 a second, or 1 MB, up to `now`. */
function series(
  kind: 'handles' | 'external' | 'native' | 'contexts',
  className: string,
  now: number,
): Titled {
  const inBytes = kind === 'external' || kind === 'native';
  return {
    headline: { says: 'grows', subject: { of: 'series' } },
    kind,
    className,
    allocationSites: [],
    growth: {
      ...GROWTH,
      bytesPerSecond: inBytes ? 1e6 : 0,
      objectsPerSecond: inBytes ? 0 : 10,
      steps: [{ at: '', count: inBytes ? 0 : now, bytes: inBytes ? now : 0 }],
    },
  };
}

const stopped = (titled: Titled): Titled => ({
  ...titled,
  headline: { ...titled.headline, says: 'stopped' },
});

describe('The title of growth outside the graph', () => {
  it('names what is counted, its rate and the latest value', () => {
    const watchers = series('handles', 'FSEventWrap', 1234);
    assert.equal(seriesTitle(watchers), 'File watchers (fs.watch) rise by 600 a minute (1,234 now)');
    assert.equal(seriesTitle(stopped(watchers)), 'File watchers (fs.watch) no longer rise (1,234 now)');
    assert.equal(
      seriesTitle(series('external', 'external', 90e6)),
      'Buffers and other external memory rise by 60.0 MB a minute (90.0 MB now)',
    );
    assert.equal(
      seriesTitle(series('contexts', 'NativeContext', 40)),
      'V8 contexts (such as from vm.createContext) rise by 600 a minute (40 now)',
    );
  });

  it('says what native memory may be', () => {
    const native = series('native', 'native', 300e6);
    assert.equal(
      seriesTitle(native),
      'Native memory rises by 60.0 MB a minute (300 MB now), and neither heap nor buffers explain it: a native addon, worker threads, fragmentation, or objects that V8 has not collected yet',
    );
    assert.equal(seriesTitle(stopped(native)), 'Native memory no longer rises (300 MB now)');
  });

  it('names the place where memory is allocated that stays alive', () => {
    const site = {
      function: 'recordOrder',
      url: 'file:///srv/app/src/orders.js',
      line: 3,
      column: 1,
      package: null,
      liveBytes: 0,
      growthBytes: 0,
      callers: [],
    };
    const titled: Titled = {
      headline: { says: 'grows', subject: { of: 'site' } },
      kind: 'heap',
      className: 'AllocationSite',
      allocationSites: [site],
      growth: { ...GROWTH, bytesPerSecond: 1e6, objectsPerSecond: 0, steps: [] },
    };
    assert.equal(
      siteTitle(titled),
      'Memory allocated by recordOrder at src/orders.js:3 stays alive, 60.0 MB more each minute',
    );
    assert.equal(
      siteTitle(stopped({ ...titled, allocationSites: [{ ...site, function: '' }] })),
      'Memory allocated by a function at src/orders.js:3 no longer grows',
    );
  });
});
