import { findAccumulations } from '../growth/accumulation.js';
import type { ExtendedSeries } from '../growth/growth-series.js';
import type { TracedHeap } from '../growth/path-tree-builder.js';
import { type InspectedHeap, sampleMembers } from '../members/sample-members.js';
import { artefactOf, artefactsLast } from '../naming/artefact.js';
import type { Candidate } from '../uniting/candidate.js';
import { uniteCandidates } from '../uniting/unite.js';
import { Describer, ownerRows } from './description.js';
import { heldBytes } from './held-bytes.js';
import { withInternals } from './internal-bytes.js';
import type { Suspect } from './suspect.js';

const MAX_SUSPECTS = 20;
/** Paths compared with each other for a common cause. */
const MAX_CANDIDATES = 60;

/** Growing paths, worst first: by bytes gained, then by members gained; artefacts last. */
export function rankSuspects(heap: TracedHeap, extended: ExtendedSeries): readonly Suspect[] {
  const { series, rowOf } = extended;
  const { nodes } = series;
  const candidates = findAccumulations(series)
    .map((accumulation): Candidate => {
      return { accumulation, artefact: artefactOf(nodes, accumulation), others: [], parts: [] };
    })
    .sort(
      (a, b) =>
        artefactsLast(a, b) ||
        b.accumulation.gainedBytes - a.accumulation.gainedBytes ||
        b.accumulation.gained - a.accumulation.gained,
    )
    .slice(0, MAX_CANDIDATES);
  const wanted = candidates.flatMap(({ accumulation }) => [
    ...ownerRows(nodes, accumulation.holder),
    ...accumulation.members,
  ]);
  const samples = sampleMembers(heap, rowOf, new Set(wanted));
  const inspected: InspectedHeap = { ...extended, heap, nodes, samples };
  const describer = new Describer(inspected);
  const chosen = uniteCandidates(inspected, candidates).slice(0, MAX_SUSPECTS);
  const held = heldBytes(inspected, chosen);
  return chosen
    .map((candidate, at) => withInternals(describer.suspect(candidate), held[at]!, series))
    .sort((a, b) => artefactsLast(a, b) || (b.gainedBytes ?? 0) - (a.gainedBytes ?? 0));
}
