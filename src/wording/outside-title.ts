import type { Titled } from '../findings/headline.js';
import type { FindingKind } from '../mechanisms/mechanism-row.js';
import { openResource } from '../mechanisms/open-resources.js';
import { say } from '../runtime/say.js';
import { shortScript } from '../runtime/script-name.js';
import { formatBytes, formatCount } from '../runtime/units.js';

/** What a series outside the graph counts, if it has one name; plural, except for native memory. */
const SERIES: Partial<Readonly<Record<FindingKind, string>>> = {
  external: say`buffers and other external memory`,
  native: say`native memory`,
  contexts: say`V8 contexts (such as from vm.createContext)`,
};

/** Of growth outside the graph: `Open timers rise by 600 a minute (3,100 now)`. */
export function seriesTitle({ headline, kind, className, growth }: Titled): string {
  const words = SERIES[kind] ?? openResource(className).words;
  const name = `${words.slice(0, 1).toUpperCase()}${words.slice(1)}`;
  const inBytes = kind === 'external' || kind === 'native';
  const latest = growth.steps.at(-1);
  const now = inBytes ? formatBytes(latest?.bytes ?? 0) : formatCount(latest?.count ?? 0);
  if (headline.says !== 'grows')
    return kind === 'native'
      ? say`${name} no longer rises (${now} now)`
      : say`${name} no longer rise (${now} now)`;
  const rate = inBytes
    ? formatBytes(growth.bytesPerSecond * 60)
    : formatCount(Math.round(growth.objectsPerSecond * 60));
  return kind === 'native'
    ? say`${name} rises by ${rate} a minute (${now} now), and neither heap nor buffers explain it: a native addon, worker threads, fragmentation, or objects that V8 has not collected yet`
    : say`${name} rise by ${rate} a minute (${now} now)`;
}

/** Of an allocation site where no capture shows the holder. */
export function siteTitle({ headline, allocationSites, growth }: Titled): string {
  const [site] = allocationSites;
  const name = site === undefined || site.function === '' ? say`a function` : site.function;
  const where = site === undefined ? name : say`${name} at ${shortScript(site.url)}:${site.line}`;
  return headline.says === 'grows'
    ? say`Memory allocated by ${where} stays alive, ${formatBytes(growth.bytesPerSecond * 60)} more each minute`
    : say`Memory allocated by ${where} no longer grows`;
}
