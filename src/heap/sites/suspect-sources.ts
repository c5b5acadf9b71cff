import type { RawSite } from '../sources/code-place.js';
import { ScriptMaps } from '../sources/script-maps.js';
import type { Suspect } from '../suspects/suspect.js';
import { placeSite } from './placed-site.js';
import { joinSites } from './site-join.js';

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
