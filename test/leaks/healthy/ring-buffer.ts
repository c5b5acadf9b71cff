/** The latest events in a ring, which is made empty and written over once it is full. */
import { prose, repeat } from '../load.js';

interface LogEvent {
  readonly at: number;
  readonly message: string;
}

class RingBuffer {
  readonly #slots: (LogEvent | undefined)[];
  readonly capacity: number;
  #next = 0;

  constructor(capacity: number) {
    this.capacity = capacity;
    this.#slots = new Array<LogEvent | undefined>(capacity);
  }

  push(event: LogEvent): void {
    this.#slots[this.#next] = event;
    this.#next = (this.#next + 1) % this.capacity;
  }
}

const events = new RingBuffer(5000);
repeat(80, (index) => events.push({ at: Date.now(), message: prose(1500, index) }));
