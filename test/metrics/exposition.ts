/** One line of the text format: series (name with labels as written) → value. */
export function parseSeries(exposition: string): ReadonlyMap<string, number> {
  const series = new Map<string, number>();
  for (const line of exposition.split('\n')) {
    if (line === '' || line.startsWith('#')) continue;
    const at = line.lastIndexOf(' ');
    const value = line.slice(at + 1);
    series.set(line.slice(0, at), value === '+Inf' ? Infinity : Number(value));
  }
  return series;
}
