/** Writes three snapshots into the folder named first, with 500 more sessions in each. */
import { writeHeapSnapshot } from 'node:v8';

const ROUNDS = 3;
const SESSIONS = 500;

class Session {
  readonly id: number;
  readonly user: { readonly name: string };
  constructor(id: number) {
    this.id = id;
    this.user = { name: `planted-secret-${id}` };
  }
}
const sessions = new Map<string, Session>();

export function handle(request: number): void {
  sessions.set(`planted-secret-key-${request}`, new Session(request));
}

let requests = 0;
for (let round = 0; round < ROUNDS; round++) {
  for (let request = 0; request < SESSIONS; request++) handle(requests++);
  // In a turn of its own, when nothing of ours is on the stack.
  await new Promise((resolve) => setImmediate(resolve));
  writeHeapSnapshot(`${process.argv[2]}/${round}.heapsnapshot`);
}
