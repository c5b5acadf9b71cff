/** Jobs come faster than they are worked off for 25 seconds, and slower for as long. */
import { prose, repeat, repeatAt } from '../load.js';

interface Job {
  readonly id: number;
  readonly document: string;
}

class JobQueue {
  readonly #waiting: Job[] = [];
  finished = 0;

  add(job: Job): void {
    this.#waiting.push(job);
  }

  workOff(): void {
    if (this.#waiting.shift() !== undefined) this.finished += 1;
  }
}

const queue = new JobQueue();
repeatAt(
  (seconds) => (seconds % 50 < 25 ? 120 : 10),
  (id) => queue.add({ id, document: prose(3000, id) }),
);
repeat(70, () => queue.workOff());
