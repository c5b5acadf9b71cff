export interface Column {
  readonly title: string;
  readonly align: 'left' | 'right';
}

const GAP = '  ';
const INDENT = '  ';

/** Rows of cells below their titles; each column is as wide as its longest cell. Without rows, no titles either. */
export function table(columns: readonly Column[], rows: readonly (readonly string[])[]): string[] {
  if (rows.length === 0) return [];
  const lines = [columns.map(({ title }) => title), ...rows];
  const widths = columns.map((_, at) => Math.max(...lines.map((cells) => (cells[at] ?? '').length)));
  return lines.map(
    (cells) =>
      INDENT +
      columns
        .map(({ align }, at) => {
          const cell = cells[at] ?? '';
          return align === 'right' ? cell.padStart(widths[at]!) : cell.padEnd(widths[at]!);
        })
        .join(GAP)
        .trimEnd(),
  );
}
