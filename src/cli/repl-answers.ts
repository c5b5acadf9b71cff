import type { RetainerStep } from '../heap/naming/retainer-step.js';
import { heldBy } from '../report/held-by.js';
import { formatBytes, formatCount, formatMilliseconds } from '../runtime/units.js';
import { CommandError } from './command.js';
import { table } from './table.js';

/** Members of an answer that are shown; a service of another version may send any number. */
const MAX_MEMBERS = 200;

export type Json = Readonly<Record<string, unknown>>;

export function objectOf(value: unknown): Json {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Json;
  throw new CommandError('the service is of another version: its answer has an unknown form');
}

/** Any answer, a line for each value that is known: names, counts and sizes need no layout of their own. */
export function linesOf(value: unknown, indent = '', unit: Unit = ''): readonly string[] {
  if (typeof value !== 'object' || value === null) return [`${indent}${valueText(value, unit)}`];
  return Object.entries(value)
    .slice(0, MAX_MEMBERS)
    .filter(([, member]) => member !== null)
    .flatMap(([name, member]) => {
      const isNested = typeof member === 'object' && Object.keys(member).length > 0;
      const label = Array.isArray(value) ? '-' : `${name}:`;
      const own = Array.isArray(value) ? unit : (unitOf(name) ?? unit);
      if (isNested) return [`${indent}${label}`, ...linesOf(member, `${indent}  `, own)];
      return typeof member === 'object' || member === ''
        ? [`${indent}${label} none`]
        : [`${indent}${label} ${valueText(member, own)}`];
    });
}

type Unit = '' | 'bytes' | 'ms';

/** Null if the name says nothing about it. */
function unitOf(name: string): Unit | null {
  if (/bytes$/i.test(name) || name === 'spaces') return 'bytes';
  return name.endsWith('Ms') ? 'ms' : null;
}

function valueText(value: unknown, unit: Unit): string {
  if (typeof value !== 'number') return String(value);
  if (unit === 'bytes') return formatBytes(value);
  return unit === 'ms' ? formatMilliseconds(value) : formatCount(value);
}

/** The path to the members of a finding, and their owner in the running service. */
export function pathLines(leak: Json): readonly string[] {
  const path = Array.isArray(leak['path']) ? (leak['path'] as readonly RetainerStep[]) : [];
  const { found, via, className, size, unit, reason } = objectOf(leak['owner']);
  const holds = size === null ? '' : `, ${formatCount(Number(size))} ${String(unit)}`;
  const owner =
    found === true
      ? `${String(className)}${holds}, by way of ${String(via)}`
      : `not found: ${String(reason)}`;
  return [path.length === 0 ? 'no path in the heap is known' : heldBy(path).join(' › '), `now: ${owner}`];
}

/** The counts and sizes of a finding at each capture. */
export function seriesLines(leak: Json): readonly string[] {
  const series = Array.isArray(leak['series']) ? leak['series'].map(objectOf) : [];
  if (series.length === 0) return ['no capture has shown it yet'];
  const rows = series.map(({ at, count, bytes }) => [
    String(at),
    formatCount(Number(count)),
    formatBytes(Number(bytes)),
  ]);
  return table('lrr', ['at', 'count', 'bytes'], rows);
}

/** A value that an expression had, or why it has none. */
export function answerLines(answer: Json): readonly string[] {
  const { outcome, preview, reason, it } = answer;
  const lines = typeof preview === 'string' ? preview.split('\n') : [];
  if (outcome !== 'value')
    lines.unshift(typeof reason === 'string' ? `${String(outcome)}: ${reason}` : String(outcome));
  const why = typeof it === 'object' && it !== null ? (it as Json)['reason'] : null;
  return typeof why === 'string' ? [...lines, `$it is undefined: ${why}`] : lines;
}
