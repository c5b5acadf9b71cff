/** One bug, one candidate: paths that grow because of the same objects become one candidate, which lists all holders. */
import { isModuleCache } from '../../mechanisms/module-cache.js';
import type { Accumulation } from '../growth/accumulation.js';
import { newestMembers } from '../members/newest-members.js';
import { type InspectedHeap, objectsOf } from '../members/sample-members.js';
import { artefactsLast } from '../naming/artefact.js';
import { isHandleList } from '../naming/open-handle.js';
import { retainerPath } from '../naming/retainer-path.js';
import { type Candidate, gainedBytes, withOthers } from './candidate.js';
import { uniteLockstep } from './lockstep.js';

/** Latest entries of a holder that vote. */
const COMPARED_MEMBERS = 32;
/** Latest entries of the other holder among which a member is looked for. */
const MAX_MEMBERS = 100_000;

/** Takes candidates worst first, and returns them worst first. */
export function uniteCandidates(
  inspected: InspectedHeap,
  candidates: readonly Candidate[],
): readonly Candidate[] {
  const united = uniteModuleCaches(inspected, uniteLockstep(inspected, uniteShared(inspected, candidates)));
  return united.toSorted((a, b) => artefactsLast(a, b) || gainedBytes(b) - gainedBytes(a));
}

/**
 * Where two holders hold the same objects, the tree counts each object at one of them. The other one, which grows in
 * entries but has no members of its own, is found by looking where its newest entries are counted. Which of the two is
 * named first is decided by the newest entries of both: the one that holds more of them; of equals the one of the tree.
 * A holder of parts of the members is never named first.
 */
function uniteShared(inspected: InspectedHeap, candidates: readonly Candidate[]): readonly Candidate[] {
  const byMember = new Map<number, Candidate>();
  for (const candidate of candidates) {
    for (const row of candidate.accumulation.members) byMember.set(row, candidate);
  }
  const united = new Map<Candidate, Relative[]>();
  const gone = new Set<Candidate>();
  for (const candidate of candidates) {
    const found = homeOf(inspected, candidate, byMember);
    if (found === null || gone.has(found.home)) continue;
    gone.add(candidate);
    const own = { accumulation: candidate.accumulation, equal: found.equal };
    united.set(found.home, [
      ...(united.get(found.home) ?? []),
      own,
      ...(united.get(candidate) ?? []).map((other) => ({ ...other, equal: other.equal && found.equal })),
    ]);
  }
  return candidates
    .filter((candidate) => !gone.has(candidate))
    .map((candidate) => chooseHolder(inspected, candidate, united.get(candidate) ?? []));
}

interface Relative {
  readonly accumulation: Accumulation;
  /** It holds the members themselves, not parts of them. */
  readonly equal: boolean;
}

/** The other candidate at which most of the newest entries of this one are counted; null if there is none. */
function homeOf(
  inspected: InspectedHeap,
  candidate: Candidate,
  byMember: ReadonlyMap<number, Candidate>,
): { readonly home: Candidate; readonly equal: boolean } | null {
  const { heap, rowOf, nodes } = inspected;
  const own = objectsOf(inspected, candidate.accumulation.holder);
  const members = newestMembers(heap, own, COMPARED_MEMBERS);
  const counts = new Map<Candidate, number>();
  let direct = 0;
  for (const member of members) {
    const counted = rowOf[heap.treeOf[member]!]!;
    if (byMember.has(counted)) direct++;
    for (let row = counted; row > 0; row = nodes[row]!.parent) {
      const home = byMember.get(row);
      if (home === undefined) continue;
      counts.set(home, (counts.get(home) ?? 0) + 1);
      break;
    }
  }
  const [best] = [...counts].sort((a, b) => b[1] - a[1]);
  if (best === undefined || best[0] === candidate || best[0].artefact !== candidate.artefact) return null;
  return best[1] * 2 > members.length ? { home: best[0], equal: direct * 2 > members.length } : null;
}

function chooseHolder(
  inspected: InspectedHeap,
  candidate: Candidate,
  relatives: readonly Relative[],
): Candidate {
  if (relatives.length === 0) return candidate;
  const { heap, nodes } = inspected;
  const all = [candidate.accumulation, ...relatives.map(({ accumulation }) => accumulation)];
  const holders = all.map(({ holder }) => objectsOf(inspected, holder));
  const members = holders.flatMap((objects) => newestMembers(heap, objects, COMPARED_MEMBERS));
  const counts = holders.map((objects, index) => {
    // Node's list holds every open handle; the other holder is the one that can release it.
    if (isHandleList(nodes, all[index]!.holder)) return -1;
    if (relatives[index - 1]?.equal === false && !isHandleList(nodes, all[0]!.holder)) return 0;
    const held = new Set(newestMembers(heap, objects, MAX_MEMBERS));
    return members.filter((member) => held.has(member)).length;
  });
  const winner = all[counts.indexOf(Math.max(...counts))] ?? candidate.accumulation;
  // The bytes of the members are counted at one holder, whichever is named; the table of each is its own.
  const { bytes, heldBytes, gainedBytes } = candidate.accumulation;
  return {
    ...candidate,
    accumulation: winner === candidate.accumulation ? winner : { ...winner, bytes, heldBytes, gainedBytes },
    others: all.filter((one) => one !== winner),
  };
}

/** Node keeps each module in several tables; growth of any of them is growth of the cache. */
function uniteModuleCaches({ nodes }: InspectedHeap, candidates: readonly Candidate[]): readonly Candidate[] {
  const isCache = ({ accumulation, artefact }: Candidate) => {
    const names = accumulation.members.map((row) => nodes[row]!.className);
    const isOfCache = (name: string) => isModuleCache(retainerPath(nodes, accumulation, name));
    return artefact === null && (names.length === 0 ? [''] : names).some(isOfCache);
  };
  const caches = candidates.filter(isCache);
  const [first, ...rest] = caches;
  if (first === undefined || rest.length === 0) return candidates;
  const whole = withOthers(first, rest);
  return candidates.flatMap((one) => (one === first ? [whole] : caches.includes(one) ? [] : [one]));
}
