const GAP = '  ';
const INDENT = '  ';

/**
 * Rows of cells below their titles; each column is as wide as its longest cell. `alignment` has a letter for each column,
 * l for left, r for right. Without rows, no titles either.
 */
export function table(
  alignment: string,
  titles: readonly string[],
  rows: readonly (readonly string[])[],
): string[] {
  if (rows.length === 0) return [];
  const lines = [titles, ...rows];
  const widths = titles.map((_, at) => Math.max(...lines.map((cells) => (cells[at] ?? '').length)));
  const aligned = (cell: string, at: number) =>
    alignment[at] === 'r' ? cell.padStart(widths[at]!) : cell.padEnd(widths[at]!);
  return lines.map((cells) => INDENT + cells.map(aligned).join(GAP).trimEnd());
}

/** Blocks of lines with a blank line between them; a block without lines is left out. Ends in a newline. */
export function page(blocks: readonly (readonly string[])[]): string {
  const texts = blocks.filter((lines) => lines.length > 0).map((lines) => lines.join('\n'));
  return `${texts.join('\n\n')}\n`;
}
