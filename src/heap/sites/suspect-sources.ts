import { packageOf } from '../../runtime/script-name.js';
import type { RawFrame, RawSite, SiteFrame } from '../sources/code-place.js';
import { ScriptMaps } from '../sources/script-maps.js';
import type { Suspect } from '../suspects/suspect.js';
import { joinSites, type PlacedSite } from './site-join.js';

/** The suspects with their places in the program's own source, and with the allocation sites that are theirs. */
export function inSources(suspects: readonly Suspect[], sites: readonly RawSite[]): readonly Suspect[] {
  const maps = new ScriptMaps();
  const placed = suspects.map((suspect) =>
    suspect.locations === undefined
      ? suspect
      : { ...suspect, locations: suspect.locations.map((place) => maps.original(place)) },
  );
  return joinSites(placed, suspects.length === 0 ? [] : sites.map((site) => placeSite(site, maps)));
}

export function placeSite(raw: RawSite, maps: ScriptMaps): PlacedSite {
  const callers = raw.callers.map((caller) => placeFrame(caller, maps));
  const { liveBytes, growthBytes } = raw;
  return { raw, site: { ...placeFrame(raw, maps), liveBytes, growthBytes, callers } };
}

/** A bundle holds sources of packages: the source map shows whose a frame is; without one the script does. */
function placeFrame(frame: RawFrame, maps: ScriptMaps): SiteFrame {
  const { function: name, url, line, column } = maps.original(frame);
  const owner = packageOf(url) ?? packageOf(frame.url);
  return { function: name, url, line, column, package: owner?.name ?? null };
}
