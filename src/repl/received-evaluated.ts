import type { Evaluated } from './evaluated.js';
import type { Member, Preview } from './preview.js';

/** A value, two levels of members, and their keys. */
const MAX_LEVELS = 4;

/**
 * What a copy of the service wrote. The expression may have changed the copy, and so what it wrote: every part is checked. Null
 * if it has another form.
 */
export function receivedEvaluated(text: string): Evaluated | null {
  try {
    const { outcome, preview, message } = JSON.parse(text) as Readonly<Record<string, unknown>>;
    if (outcome === 'refused') return { outcome };
    if (outcome === 'failed' && typeof message === 'string') return { outcome, message };
    return (outcome === 'value' || outcome === 'thrown') && isPreview(preview, MAX_LEVELS)
      ? { outcome, preview }
      : null;
  } catch {
    return null;
  }
}

function isPreview(value: unknown, levels: number): value is Preview {
  if (typeof value !== 'object' || value === null || levels === 0) return false;
  const { word, text, length, className, size, isList, members, more } = value as Readonly<
    Record<string, unknown>
  >;
  if (word !== undefined) return typeof word === 'string';
  if (text !== undefined) return typeof text === 'string' && isCount(length);
  return (
    typeof className === 'string' &&
    (size === null || isCount(size)) &&
    typeof isList === 'boolean' &&
    (more === null || isCount(more)) &&
    Array.isArray(members) &&
    members.every((member) => isMember(member, levels - 1))
  );
}

function isMember(member: unknown, levels: number): member is Member {
  if (typeof member !== 'object' || member === null) return false;
  const { key, value } = member as Readonly<Record<string, unknown>>;
  return (key === null || isPreview(key, levels)) && isPreview(value, levels);
}

function isCount(value: unknown): value is number {
  return Number.isFinite(value);
}
