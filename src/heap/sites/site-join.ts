/**
 * Joins allocation sites with suspects. A snapshot shows what grows and what holds it, a sampling profiler shows where
 * surviving memory was allocated, and only places in code and proportions connect the two:
 *
 * 1. Code. The site's stack leads through the function that made the members, or their constructor; through the script in
 *    which they are defined, or whose variable holds them; through the package that holds them. The nearer to the
 *    allocation, the better.
 * 2. Amount. Of suspects that code connects equally well, the site goes to the one with most growth not explained yet.
 *    Without evidence in code, amount alone decides: the largest such site goes to the largest suspect without one.
 *
 * A site serves one suspect, unless it is clearly shared: V8 does not record inlined functions, so several of them may
 * show as one site. Then code connects it with the others as well, and its amount covers all of them.
 */

import { SCOPE } from '../../mechanisms/path-names.js';
import { isNodeScript, isProgramsOwn, QUERY, shortScript } from '../../runtime/script-name.js';
import { GENERIC } from '../naming/generic-class.js';
import type { AllocationSite, MemberLocation, RawSite, SiteFrame } from '../sources/code-place.js';
import type { Suspect } from '../suspects/suspect.js';

/**
 * Why a site was given to a suspect, and how strong that is; a frame further up the stack has one less for each step, and
 * so has a place further down a file.
 */
const STRENGTH = { function: 100, class: 90, file: 60, scope: 40, package: 20, amount: 0 } as const;
type SiteRule = keyof typeof STRENGTH;

/** A site as V8 reports it, and in the program's own source. */
export interface PlacedSite {
  readonly raw: RawSite;
  readonly site: AllocationSite;
}

export interface SiteMatch {
  /** Index into the suspects. */
  readonly suspect: number;
  readonly rule: SiteRule;
  readonly placed: PlacedSite;
}

const MAX_SITES = 4;
/** A smaller part of all sites' growth is no evidence. */
const MIN_SHARE = 0.01;
/** How far two amounts may lie apart that count as the same growth. */
const LIKE_PART = 3;
const MAX_DISTANCE = 15;
/** Part of a suspect's growth that must be left over in a site that it shares. */
const NEEDED_SHARE = 0.5;
const CLEARLY_STRONGER = 4;

/** Most growth first, as the sites are. */
export function matchSites(suspects: readonly Suspect[], sites: readonly PlacedSite[]): readonly SiteMatch[] {
  const total = sites.reduce((sum, { site }) => sum + site.growthBytes, 0);
  const material = sites.filter(({ site }) => site.growthBytes >= total * MIN_SHARE);
  const unexplained = suspects.map(growthOf);
  const matches: SiteMatch[] = [];
  const leftOver: PlacedSite[] = [];
  for (const placed of material) {
    const claims = suspects.flatMap((suspect, index) => {
      const claim = suspect.artefact === null ? strongestClaim(suspect, placed) : null;
      return claim === null ? [] : [{ ...claim, index }];
    });
    const strongest = Math.max(...claims.map(({ strength }) => strength));
    const [best] = claims
      .filter(({ strength }) => strength > strongest - CLEARLY_STRONGER)
      .sort((a, b) => unexplained[b.index]! - unexplained[a.index]!);
    if (best === undefined) {
      leftOver.push(placed);
      continue;
    }
    matches.push({ suspect: best.index, rule: best.rule, placed });
    unexplained[best.index]! -= placed.site.growthBytes;
  }
  matches.push(...shared(suspects, matches));
  return [...matches, ...matchByAmount(suspects, matches, leftOver, total)];
}

/** The suspects with their `sites`, and with the first place in the program's own code in `yours`. */
export function joinSites(suspects: readonly Suspect[], sites: readonly PlacedSite[]): readonly Suspect[] {
  const matches = matchSites(suspects, sites);
  return suspects.map((suspect, index) => {
    const own = matches.filter((match) => match.suspect === index);
    const merged = mergeSites(own.map(({ placed }) => placed.site)).slice(0, MAX_SITES);
    const yours = ownPlace(own, suspect.locations ?? []) ?? suspect.yours ?? null;
    return { ...suspect, ...(merged.length > 0 ? { sites: merged } : {}), yours };
  });
}

const growthOf = ({ gainedBytes, steps }: Suspect): number =>
  gainedBytes ?? Math.max(0, (steps.at(-1)?.bytes ?? 0) - (steps[0]?.bytes ?? 0));

/** Gives suspects without a site those sites of others that have more growth than the others need. */
function shared(suspects: readonly Suspect[], matches: readonly SiteMatch[]): readonly SiteMatch[] {
  const served = new Set(matches.map(({ suspect }) => suspect));
  return suspects.flatMap((suspect, index) => {
    if (served.has(index) || suspect.artefact !== null) return [];
    return matches
      .flatMap(({ placed, suspect: owner }): SiteMatch[] => {
        const rule = strongestClaim(suspect, placed)?.rule;
        const needed = growthOf(suspects[owner]!) + growthOf(suspect) * NEEDED_SHARE;
        return rule === undefined || placed.site.growthBytes < needed
          ? []
          : [{ suspect: index, rule, placed }];
      })
      .slice(0, 1);
  });
}

function matchByAmount(
  suspects: readonly Suspect[],
  matches: readonly SiteMatch[],
  sites: readonly PlacedSite[],
  total: number,
): readonly SiteMatch[] {
  const served = new Set(matches.map(({ suspect }) => suspect));
  const open = suspects
    .map((suspect, index) => ({ suspect, index, growth: growthOf(suspect) }))
    .filter(({ suspect, index }) => suspect.artefact === null && !served.has(index))
    .sort((a, b) => b.growth - a.growth);
  const all = suspects.reduce((sum, suspect) => sum + growthOf(suspect), 0);
  const found: SiteMatch[] = [];
  for (const placed of sites) {
    const first = open[found.length];
    if (first === undefined) break;
    // Snapshots and samples cover different spans, so parts are compared and not bytes.
    const ratio = placed.site.growthBytes / Math.max(1, total) / (first.growth / Math.max(1, all));
    if (!(ratio < LIKE_PART && ratio > 1 / LIKE_PART)) break;
    found.push({ suspect: first.index, rule: 'amount', placed });
  }
  return found;
}

interface Claim {
  readonly rule: SiteRule;
  readonly strength: number;
}

/** The strongest evidence in code for this suspect; null if there is none. */
function strongestClaim(suspect: Suspect, { raw, site }: PlacedSite): Claim | null {
  const rawFrames = [raw, ...raw.callers];
  let best: Claim | null = null;
  for (const [depth, frame] of [site, ...site.callers].entries()) {
    const claim = claimOf(suspect, frame, rawFrames[depth]?.url ?? frame.url);
    const strength = claim === null ? 0 : claim.strength - Math.min(depth, MAX_DISTANCE);
    if (claim !== null && strength > (best?.strength ?? 0)) best = { rule: claim.rule, strength };
  }
  return best;
}

function claimOf(suspect: Suspect, frame: SiteFrame, rawUrl: string): Claim | null {
  const { locations = [], className, retainerPath } = suspect;
  if (locations.some((place) => isSamePlace(place, frame))) return claim('function');
  if (!GENERIC.has(className) && frame.function === className) return claim('class');
  const distances = locations
    .filter((place) => isSameScript(place, frame))
    .map(({ line }) => distanceOf(line - frame.line));
  if (distances.length > 0) return claim('file', Math.min(...distances));
  const [root] = retainerPath;
  const names = ownerNames(suspect);
  if (root?.edge === SCOPE && !isNodeScript(root.node) && root.node === shortScript(rawUrl)) {
    return claim('scope', names.some((name) => frame.function.includes(name)) ? 0 : 3);
  }
  // A method of the holder, wherever its class is defined.
  if (names.includes(frame.function.split('.')[0] ?? '')) return claim('scope', 1);
  return suspect.package != null && frame.package === suspect.package.name ? claim('package') : null;
}

const claim = (rule: SiteRule, distance = 0): Claim => ({ rule, strength: STRENGTH[rule] - distance });

const isSameScript = ({ url }: MemberLocation, frame: SiteFrame): boolean =>
  url.replace(QUERY, '') === frame.url && !isNodeScript(url);

const isSamePlace = (place: MemberLocation, frame: SiteFrame): boolean =>
  place.line === frame.line && place.column === frame.column && isSameScript(place, frame);

/** A function is defined within the one that makes it, so the one that begins last before it is likely that. */
function distanceOf(lines: number): number {
  return lines < 0 ? MAX_DISTANCE : Math.min(MAX_DISTANCE, Math.log2(lines + 1));
}

/** Classes on the path that hold the members, which their methods may be named after. */
function ownerNames({ retainerPath }: Suspect): readonly string[] {
  return retainerPath
    .slice(0, -1)
    .map(({ node }) => node.replace(/\(\)$/, ''))
    .filter((name) => /^[\w$]{2,}$/.test(name) && !GENERIC.has(name) && name !== 'globalThis');
}

/** Stacks that differ only further up are one place to a reader. */
function mergeSites(sites: readonly AllocationSite[]): readonly AllocationSite[] {
  const places = new Map<string, AllocationSite>();
  for (const site of sites) {
    const key = `${site.url}:${site.line}:${site.column}:${site.function}`;
    const before = places.get(key);
    const liveBytes = (before?.liveBytes ?? 0) + site.liveBytes;
    const growthBytes = (before?.growthBytes ?? 0) + site.growthBytes;
    places.set(key, { ...(before ?? site), liveBytes, growthBytes });
  }
  return [...places.values()].sort((a, b) => b.growthBytes - a.growthBytes);
}

/** If code connects them, the site's innermost function in the program; else where members are defined; else the site matched by amount. */
function ownPlace(
  matches: readonly SiteMatch[],
  locations: readonly MemberLocation[],
): MemberLocation | null {
  const bySite = (byAmount: boolean) =>
    matches
      .filter(({ rule }) => (rule === 'amount') === byAmount)
      .flatMap(({ placed: { site } }) => [site, ...site.callers])
      .find(isProgramsOwn);
  const place = bySite(false) ?? locations.find(isProgramsOwn) ?? bySite(true);
  if (place === undefined) return null;
  return { function: place.function, url: place.url, line: place.line, column: place.column };
}
