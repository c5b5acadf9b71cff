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
    say`it started worker threads, whose heaps cannot be distinguished from native memory`,
    say`heap figures from inside the worker threads`,
  ],
  'series: uncollected': ({ kind, numbers, needed }) => {
    const garbage =
      kind === 'external' ? say`buffers` : kind === 'contexts' ? say`contexts` : say`allocations`;
    return [
      numbers.observations === 0
        ? say`V8 has run no full GC during this growth, so ${garbage} that nothing holds any more may still be counted`
        : say`seen after too few full GCs, so ${garbage} that nothing holds any more may still be counted`,
      say`growth after each of ${needed} full GCs, or a capture that shows what holds it`,
    ];
  },
  'series: looks-healthy': ({ type }) => [
    openResource(type).because,
    say`a capture that shows what holds them`,
  ],
  'series: not-files': () => [
    say`most of the newest are sockets or pipes, either of other threads or unreferenced (unref)`,
    say`mostly files among the newest`,
  ],
  'series: also-grows': ({ grew }) =>
    grew.headline.subject.of === 'site' ? siteTitle(grew) : seriesTitle(grew),
  'allocation-sites: rose': ({ function: name, readings, spanMs }) =>
    say`memory allocated by ${functionText(name)} that is still held grew over ${readings} readings in ${formatDuration(spanMs / 1000)}`,
  'allocation-sites: share': ({ numbers }) =>
    say`${formatShare(numbers.shareOfGrowth)} of the growth of all allocation sites`,
  'allocation-sites: no-capture': () => [
    say`no capture was possible, so its holder is unknown, and so is whether it has a bound`,
    say`a capture that shows what holds it`,
  ],
};

const functionText = (name: string): string => (name === '' ? say`a function` : name);
