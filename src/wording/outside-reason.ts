/** Words for reasons of growth outside the graph, and of allocation sites. */
import { openResource } from '../mechanisms/open-resources.js';
import { say } from '../runtime/say.js';
import { formatBytes, formatCount, formatDuration, formatShare } from '../runtime/units.js';
import { seriesTitle, siteTitle } from './outside-title.js';
import type { WordsOf } from './words.js';

export const OUTSIDE_WORDS: WordsOf<'series' | 'allocation-sites'> = {
  'series: rose': ({ inBytes, numbers: { observations, spanMs, first, last } }) => {
    const amount = inBytes ? formatBytes : formatCount;
    return say`the minimum of each window rose ${observations - 1} times in a row over ${formatDuration(spanMs / 1000)}, from ${amount(first)} to ${amount(last)}`;
  },
  'series: workers': () => [
    say`it started worker threads, whose heaps cannot be told apart from native memory`,
    say`watching the heaps of the worker threads from within`,
  ],
  'series: uncollected': ({ kind, numbers, needed }) => {
    const garbage =
      kind === 'external' ? say`buffers` : kind === 'contexts' ? say`contexts` : say`allocations`;
    return [
      numbers.observations === 0
        ? say`V8 has run no full GC meanwhile, and until then ${garbage} that nothing holds any more count too`
        : say`too few full GCs show it, and until then ${garbage} that nothing holds any more count too`,
      say`growth after each of ${needed} full GCs, or a capture that shows who holds it`,
    ];
  },
  'series: looks-healthy': ({ type }) => [
    openResource(type).because,
    say`a capture that shows who keeps them`,
  ],
  'series: not-files': () => [
    say`most of the newest are sockets or pipes, of other threads or such that Node does not wait for`,
    say`files among most of the newest`,
  ],
  'series: also-grows': ({ grew }) =>
    grew.headline.subject.of === 'site' ? siteTitle(grew) : seriesTitle(grew),
  'allocation-sites: rose': ({ function: name, readings, spanMs }) =>
    say`memory allocated by ${name === '' ? say`a function` : name} that is still held grew over ${readings} readings in ${formatDuration(spanMs / 1000)}`,
  'allocation-sites: share': ({ numbers }) =>
    say`${formatShare(numbers.shareOfGrowth)} of the growth of all allocation sites`,
  'allocation-sites: no-capture': () => [
    say`no capture was possible, so it is not known who holds it, nor whether it has a bound`,
    say`a capture that shows who holds it`,
  ],
};
