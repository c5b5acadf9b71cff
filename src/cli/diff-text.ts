import type { ClassGrowth } from '../heap/growth/class-growth.js';
import type { Bound } from '../heap/limits/limit.js';
import { heldBy } from '../report/held-by.js';
import { labelled, wrap } from '../report/layout.js';
import { shortScript } from '../runtime/script-name.js';
import { formatBytes, formatCount, formatShare, plural } from '../runtime/units.js';
import { artefactText } from '../wording/artefact-text.js';
import type { PathDifference, SnapshotGrowth, Suspect } from '../wording/heap-results.js';
import { className, definedAt, safeName } from './retainer-text.js';
import { page, table } from './table.js';

const MAX_FIELDS = 8;
const TWO_FILES =
  'Two snapshots show a difference, not steady growth: a third one, taken later under the same load, separates a leak from a warm-up.';

const SAMPLED =
  'Sampled snapshots contain only a part of each big collection: entry counts are exact, other figures are scaled up from that part.';

/** What grew, worst first, then the files and the classes. Ends in a newline. */
export function diffText(files: readonly string[], comparison: SnapshotGrowth, top: number): string {
  const [found, blocks] =
    files.length > 2
      ? [comparison.suspects, comparison.suspects.slice(0, top).map(suspectBlock)]
      : [comparison.paths, comparison.paths.slice(0, top).map(differenceBlock)];
  if (found.every(({ artefact }) => artefact !== null)) blocks.unshift([nothing(files.length)]);
  if (files.length === 2) blocks.push([TWO_FILES]);
  blocks.push(fileBlock(files, comparison), classBlock(comparison.classes, top));
  if (found.length > top) blocks.push([`${plural(found.length - top, 'more path')} grew: see --top.`]);
  blocks.push([...comparison.notes]);
  if (comparison.snapshots.some(({ scaled }) => scaled === true)) blocks.push([SAMPLED]);
  return page(blocks);
}

function nothing(files: number): string {
  return files > 2
    ? `Nothing in the program grew at every step of ${files} snapshots.`
    : 'Nothing in the program grew.';
}

function suspectBlock(suspect: Suspect): string[] {
  const { steps, artefact, bound, risingSteps } = suspect;
  const [first, last] = [steps.at(-(risingSteps + 1))!, steps.at(-1)!];
  const because = [
    risingSteps === steps.length - 1
      ? `grew at every one of ${plural(risingSteps, 'step')}`
      : `grew at the last ${risingSteps} of ${plural(steps.length - 1, 'step')}`,
    bound === null ? 'no bound found on its owner' : boundText(bound),
    `${formatShare(suspect.shareOfGrowth)} of the heap's growth`,
  ];
  const gained = gain(suspect.gainedBytes ?? last.bytes - first.bytes, suspect.scaled);
  const counts = steps.map(({ count }) => count);
  return [
    `${artefact === null ? 'LEAK suspected' : `GROWTH, ${artefactText(artefact)}`}   ${gained}`,
    ...pathLines(suspect, counts, last.bytes, suspect.fields),
    ...labelled('code', wrap(code(suspect), ', ')),
    ...labelled('also by', wrap((suspect.alsoHeldBy ?? []).map(safeName), ', ')),
    ...labelled('because', wrap(because, '; ')),
    ...labelled('id', [suspect.fingerprint]),
  ];
}

function boundText({ name, limit, full = 0, holders = 1 }: Bound): string {
  if (name !== null) return `its owner has ${safeName(name)} = ${formatCount(limit)}`;
  return `${formatCount(full)} of its ${formatCount(holders)} holders have exactly ${formatCount(limit / holders)}, and none has more`;
}

function differenceBlock(path: PathDifference): string[] {
  const { artefact, counts, bytes } = path;
  return [
    `GREW${artefact === null ? '' : `, ${artefactText(artefact)}`}   ${gain(path.gainedBytes, path.scaled)}`,
    ...pathLines(path, counts, bytes[1], []),
  ];
}

/** `counts` at each snapshot, `bytes` at the last. */
function pathLines(
  { owner, retainerPath, className: name }: Suspect | PathDifference,
  counts: readonly number[],
  bytes: number,
  fields: readonly string[],
): string[] {
  const isContent = ['entry', 'element'].includes(retainerPath.at(-1)?.edgeType ?? '');
  const what = isContent ? 'entries' : 'objects';
  const held = `${safeName(owner)} held ${counts.map(formatCount).join(' → ')} ${what}`;
  return [
    ...labelled('what', wrap(held.split(' '), ' ')),
    ...labelled('held by', wrap(heldBy(retainerPath), ' › ')),
    ...labelled('holds', wrap(members(name, counts.at(-1) ?? 0, bytes, fields), ' ')),
  ];
}

/** Where the members, or the functions they call, are defined, and in which package. */
function code({ locations = [], package: origin = null }: Suspect): string[] {
  const places = locations.map(
    ({ function: name, url, line }) => `${safeName(`${shortScript(url)}:${line}`)} (${safeName(name)})`,
  );
  if (origin !== null) {
    const version = origin.version === null ? '' : `@${origin.version}`;
    places.push(`held in package ${safeName(`${origin.name}${version}`)}`);
  }
  return places;
}

function gain(bytes: number, scaled = false): string {
  return `${scaled ? 'about ' : ''}${bytes > 0 ? '+' : ''}${formatBytes(bytes)}`;
}

function members(name: string, count: number, bytes: number, fields: readonly string[]): string[] {
  if (count <= 0) return [];
  const shown = fields.slice(0, MAX_FIELDS).map(safeName);
  if (fields.length > MAX_FIELDS) shown.push('…');
  const each = `each about ${formatBytes(bytes / count)}`;
  const detail = shown.length === 0 ? `(${each})` : `(${each}: ${shown.join(', ')})`;
  return [safeName(name), `×${formatCount(count)}`, ...detail.split(' ')];
}

function fileBlock(files: readonly string[], { snapshots }: SnapshotGrowth): string[] {
  const rows = snapshots.map(({ heapBytes, nodes, scaled = false }, at) => {
    const before = snapshots[at - 1];
    return [
      safeName(files[at] ?? ''),
      `${scaled ? 'about ' : ''}${formatBytes(heapBytes)}`,
      before === undefined ? '' : gain(heapBytes - before.heapBytes, scaled || before.scaled),
      `${formatCount(nodes)}${scaled ? ' in the file' : ''}`,
    ];
  });
  return table('lrrr', ['snapshot', 'heap', '', 'objects'], rows);
}

function classBlock(classes: readonly ClassGrowth[], top: number): string[] {
  const grown = classes.filter((row) => difference(row.bytes) > 0);
  const rows = grown
    .slice(0, top)
    .map((row) => [
      className(row),
      `${formatCount(row.counts[0] ?? 0)} → ${formatCount(row.counts.at(-1) ?? 0)}`,
      formatBytes(row.bytes.at(-1) ?? 0),
      gain(difference(row.bytes)),
      definedAt(row),
    ]);
  return table('lrrrl', ['classes that grew', 'objects', 'shallow', '', 'defined at'], rows);
}

function difference(values: readonly number[]): number {
  return (values.at(-1) ?? 0) - (values[0] ?? 0);
}
