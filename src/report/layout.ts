const LINE_WIDTH = 120;
const LABEL_WIDTH = 13;

/** Rows below a label, with a hanging indent; no rows, no label. */
export function labelled(label: string, rows: readonly string[]): string[] {
  return rows.map(
    (row, index) => `${index === 0 ? `  ${label}`.padEnd(LABEL_WIDTH) : ' '.repeat(LABEL_WIDTH)}${row}`,
  );
}

/** Rows of parts that fit the line; a part that alone is too long gets a row of its own. */
export function wrap(parts: readonly string[], separator: string): string[] {
  const rows: string[] = [];
  let row = '';
  for (const part of parts.filter((one) => one !== '')) {
    const longer = row === '' ? part : `${row}${separator}${part}`;
    if (row !== '' && longer.length > LINE_WIDTH - LABEL_WIDTH - separator.trimEnd().length) {
      rows.push(`${row}${separator.trimEnd()}`);
      row = part;
    } else row = longer;
  }
  return row === '' ? rows : [...rows, row];
}
