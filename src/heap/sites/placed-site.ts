import { packageOf } from '../../runtime/script-name.js';
import type { AllocationSite, RawFrame, RawSite, SiteFrame } from '../sources/code-place.js';
import type { ScriptMaps } from '../sources/script-maps.js';

/** A site as V8 reports it, and in the program's own source. */
export interface PlacedSite {
  readonly raw: RawSite;
  readonly site: AllocationSite;
}

export function placeSite(raw: RawSite, maps: ScriptMaps): PlacedSite {
  const site: AllocationSite = {
    ...placeFrame(raw, maps),
    liveBytes: raw.liveBytes,
    growthBytes: raw.growthBytes,
    callers: raw.callers.map((caller) => placeFrame(caller, maps)),
  };
  return { raw, site };
}

/** A bundle holds sources of packages: the source map shows whose a frame is; without one the script does. */
function placeFrame(frame: RawFrame, maps: ScriptMaps): SiteFrame {
  const {
    function: name,
    url,
    line,
    column,
  } = maps.original({
    function: frame.function,
    url: frame.url,
    line: frame.line,
    column: frame.column,
  });
  const owner = packageOf(url) ?? packageOf(frame.url);
  return { function: name, url, line, column, package: owner?.name ?? null };
}
