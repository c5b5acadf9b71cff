/** Writes a snapshot of itself to the file named on the command line: collections, classes, closures, lists, buffers. */
import { writeHeapSnapshot } from 'node:v8';

class Session {
  readonly #token: readonly number[];
  readonly data: { readonly id: number; readonly text: string; readonly pair: readonly number[] };
  constructor(id: number) {
    this.#token = [id, id + 1];
    this.data = { id, text: `session ${id}`, pair: this.#token };
  }
}
const inner = class Session {
  readonly other = { unlike: 1, the: 2, first: 'three' };
};

const COUNT = 2000;
const sessions = Array.from({ length: COUNT }, (_, id) => new Session(id));
const notes = new WeakMap(sessions.map((session, id) => [session, { note: id, session }]));
const marks = new WeakMap(
  sessions.map((session, id) => [session, new Map([[id, `${session.data.text}, long ${id}`]])]),
);
const handlers = new Set(sessions.map((session) => () => session.data.id));
const shapes = Array.from({ length: COUNT }, (_, id) =>
  id % 2 ? { x: id, y: [id] } : { y: {}, x: String(id), z: id / 3 },
);
const others = Array.from({ length: 100 }, () => new inner());
let list: { readonly next: unknown } = { next: null };
for (let length = 0; length < COUNT; length++) list = { next: list };
const buffers = [Buffer.alloc(100_000), new Float64Array(1000), /pattern/g, Symbol('own'), 2n ** 70n];

Object.assign(globalThis, { kept: [sessions, notes, marks, handlers, shapes, others, list, buffers] });
writeHeapSnapshot(process.argv[2]);
process.exit();
