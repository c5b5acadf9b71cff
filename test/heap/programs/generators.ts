class Row {
  readonly index: number;
  constructor(index: number) {
    this.index = index;
  }
}

function* readRows(index: number): Generator<Row> {
  const rows = [new Row(index), new Row(index + 1)];
  yield* rows;
}
const cursors = new Set<Generator<Row>>();

/** A cursor that is begun and never read to its end. */
export function handle(index: number): void {
  const cursor = readRows(index);
  cursor.next();
  cursors.add(cursor);
}
