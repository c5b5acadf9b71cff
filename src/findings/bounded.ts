/** Longer names and lines end in `…`. */
export const MAX_TEXT = 500;
/** The middle of a longer list is left out. */
export const MAX_LIST = 200;

/** Plain data with its texts and lists shortened, and 0 for figures that are not finite: data from a program's heap may have any length. */
export function bounded<T>(value: T): T {
  return cut(value) as T;
}

function cut(value: unknown): unknown {
  if (typeof value === 'string') return value.length <= MAX_TEXT ? value : `${value.slice(0, MAX_TEXT - 1)}…`;
  if (typeof value === 'number') return Number.isFinite(value) ? value : 0;
  if (typeof value !== 'object' || value === null) return value;
  const half = MAX_LIST / 2;
  if (Array.isArray(value))
    return (value.length <= MAX_LIST ? value : [...value.slice(0, half), ...value.slice(-half)]).map(cut);
  // A copy that keeps its shape takes a quarter of the time of one made from entries: a report has thousands of objects.
  const copy: Record<string, unknown> = { ...value };
  for (const name of Object.keys(copy)) copy[name] = cut(copy[name]);
  return copy;
}
