import type { ClassGrowth } from '../heap/growth/class-growth.js';
import type { Bound } from '../heap/limits/limit.js';
import { heldBy } from '../report/held-by.js';
import { labelled, wrap } from '../report/layout.js';
import { shortScript } from '../runtime/script-name.js';
import { formatBytes, formatCount, formatShare, plural } from '../runtime/units.js';
import { artefactText } from '../wording/artefact-text.js';
import type { PathDifference, SnapshotGrowth, Suspect } from '../wording/heap-results.js';
import { className, definedAt, safeName } from './retainer-text.js';
import { table } from './table.js';

const MAX_FIELDS = 8;
const TWO_FILES =
  'Two snapshots show a difference, not steady growth: a third one, taken later under the same load, separates a leak from a warm-up.';

const SAMPLED =
  'Sampled snapshots contain only a part of each big collection: numbers of entries are exact, other figures are scaled up from that part.';

/** What grew, worst first, then the files and the classes. Ends in a newline. */
export function diffText(files: readonly string[], comparison: SnapshotGrowth, top: number): string {
  const blocks =
    files.length > 2
      ? comparison.suspects.slice(0, top).map(suspectBlock)
      : comparison.paths.slice(0, top).map(differenceBlock);
  const found = files.length > 2 ? comparison.suspects : comparison.paths;
  if (found.every(({ artefact }) => artefact !== null)) blocks.unshift([nothing(files.length)]);
  if (files.length === 2) blocks.push([TWO_FILES]);
  blocks.push(fileBlock(files, comparison), classBlock(comparison.classes, top));
  if (found.length > top) blocks.push([`${plural(found.length - top, 'more path')} grew: see --top.`]);
  blocks.push([...comparison.notes]);
  if (comparison.snapshots.some(({ scaled }) => scaled === true)) blocks.push([SAMPLED]);
  return `${blocks
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join('\n'))
    .join('\n\n')}\n`;
}

function nothing(files: number): string {
  return files > 2
    ? `Nothing in the program grew at every step of ${files} snapshots.`
    : 'Nothing in the program grew.';
}

function suspectBlock(suspect: Suspect): string[] {
  const { steps, artefact, bound, risingSteps } = suspect;
  const rise = steps.slice(-(risingSteps + 1));
  const [first, last] = [rise[0], steps.at(-1)];
  if (first === undefined || last === undefined) return [];
  const because = [
    risingSteps === steps.length - 1
      ? `grew at every one of ${plural(risingSteps, 'step')}`
      : `grew at the last ${risingSteps} of ${plural(steps.length - 1, 'step')}`,
    bound === null ? 'no bound found on its owner' : boundText(bound),
    `${formatShare(suspect.shareOfGrowth)} of the heap's growth`,
  ];
  return [
    `${artefact === null ? 'LEAK suspected' : `GROWTH, ${artefactText(artefact)}`}   ${gain(suspect.gainedBytes ?? last.bytes - first.bytes, suspect.scaled)}`,
    ...labelled(
      'what',
      wrap(
        heldMembers(
          suspect,
          steps.map(({ count }) => count),
        ),
        ' ',
      ),
    ),
    ...labelled('held by', wrap(heldBy(suspect.retainerPath), ' › ')),
    ...labelled('holds', wrap(members(suspect.className, last.count, last.bytes, suspect.fields), ' ')),
    ...labelled('code', wrap(code(suspect), ', ')),
    ...labelled('also by', wrap((suspect.alsoHeldBy ?? []).map(safeName), ', ')),
    ...labelled('because', wrap(because, '; ')),
    ...labelled('id', [suspect.fingerprint]),
  ];
}

function boundText({ name, limit, full = 0, holders = 1 }: Bound): string {
  if (name !== null) return `its owner has ${safeName(name)} = ${formatCount(limit)}`;
  return `${formatCount(full)} of its ${formatCount(holders)} holders stand at ${formatCount(limit / holders)}, and none holds more`;
}

function differenceBlock(path: PathDifference): string[] {
  const { artefact, retainerPath, counts, bytes } = path;
  return [
    `GREW${artefact === null ? '' : `, ${artefactText(artefact)}`}   ${gain(path.gainedBytes, path.scaled)}`,
    ...labelled('what', wrap(heldMembers(path, counts), ' ')),
    ...labelled('held by', wrap(heldBy(retainerPath), ' › ')),
    ...labelled('holds', wrap(members(path.className, counts[1], bytes[1], []), ' ')),
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

function heldMembers(
  { owner, retainerPath }: Pick<Suspect, 'owner' | 'retainerPath'>,
  counts: readonly number[],
): string[] {
  const isContent = ['entry', 'element'].includes(retainerPath.at(-1)?.edgeType ?? '');
  const what = isContent ? 'entries' : 'objects';
  return `${safeName(owner)} held ${counts.map(formatCount).join(' → ')} ${what}`.split(' ');
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
  return table(
    [
      { title: 'snapshot', align: 'left' },
      { title: 'heap', align: 'right' },
      { title: '', align: 'right' },
      { title: 'objects', align: 'right' },
    ],
    rows,
  );
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
  return table(
    [
      { title: 'classes that grew', align: 'left' },
      { title: 'objects', align: 'right' },
      { title: 'shallow', align: 'right' },
      { title: '', align: 'right' },
      { title: 'defined at', align: 'left' },
    ],
    rows,
  );
}

function difference(values: readonly number[]): number {
  return (values.at(-1) ?? 0) - (values[0] ?? 0);
}
