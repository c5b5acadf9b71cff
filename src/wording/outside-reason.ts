/** Words for reasons of growth outside the graph, and of allocation sites. */
import { openResource } from '../mechanisms/open-resources.js';
import { say } from '../runtime/say.js';
import { formatBytes, formatCount, formatDuration, formatShare } from '../runtime/units.js';
import { seriesTitle, siteTitle } from './outside-title.js';
import type { ReasonOf, Words } from './words.js';

export function seriesWords(reason: ReasonOf<'series'>): Words {
  switch (reason.says) {
    case 'rose': {
      const { observations, spanMs, first, last } = reason.numbers;
      const amount = reason.inBytes ? formatBytes : formatCount;
      return [
        say`the minimum of each window rose ${observations - 1} times in a row over ${formatDuration(spanMs / 1000)}, from ${amount(first)} to ${amount(last)}`,
        null,
      ];
    }
    case 'workers':
      return [
        say`it started worker threads, whose heaps cannot be told apart from native memory`,
        say`watching the heaps of the worker threads from within`,
      ];
    case 'uncollected':
      return uncollectedWords(reason);
    case 'looks-healthy':
      return [openResource(reason.type).because, say`a capture that shows who keeps them`];
    case 'not-files':
      return [
        say`most of the newest are sockets or pipes, of other threads or such that Node does not wait for`,
        say`files among most of the newest`,
      ];
    case 'also-grows':
      return [
        reason.grew.headline.subject.of === 'site' ? siteTitle(reason.grew) : seriesTitle(reason.grew),
        null,
      ];
  }
}

type Uncollected = Extract<ReasonOf<'series'>, { readonly says: 'uncollected' }>;

function uncollectedWords({ kind, numbers, needed }: Uncollected): Words {
  const garbage = kind === 'external' ? say`buffers` : kind === 'contexts' ? say`contexts` : say`allocations`;
  return [
    numbers.observations === 0
      ? say`V8 has run no full GC meanwhile, and until then ${garbage} that nothing holds any more count too`
      : say`too few full GCs show it, and until then ${garbage} that nothing holds any more count too`,
    say`growth after each of ${needed} full GCs, or a capture that shows who holds it`,
  ];
}

/** There is no path to memory outside V8: what is left is to say what it can be, and how to find out. */
export function nativeWords({
  gainedBytes,
  residentBytes,
}: Extract<ReasonOf<'share'>, { readonly says: 'native' }>['numbers']): Words {
  return [
    say`the process grew by ${formatBytes(residentBytes)}, of which ${formatBytes(gainedBytes)} are neither heap nor buffers; there is no path to these`,
    say`if it stays flat with MALLOC_ARENA_MAX=2, or with another allocator such as jemalloc, it was fragmentation`,
  ];
}

export function allocationWords(reason: ReasonOf<'allocation-sites'>): Words {
  switch (reason.says) {
    case 'rose': {
      const { readings, spanMs } = reason;
      const name = reason.function === '' ? say`a function` : reason.function;
      return [
        say`memory allocated by ${name} that is still held grew over ${readings} readings in ${formatDuration(spanMs / 1000)}`,
        null,
      ];
    }
    case 'share':
      return [say`${formatShare(reason.numbers.shareOfGrowth)} of the growth of all allocation sites`, null];
    case 'no-capture':
      return [
        say`no capture was possible, so it is not known who holds it, nor whether it has a bound`,
        say`a capture that shows who holds it`,
      ];
  }
}
