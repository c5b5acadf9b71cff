/** Components register with a global bus that is an EventTarget, and are never removed when they are closed. */
import { prose, repeat } from '../load.js';

class Widget {
  readonly id: number;
  readonly markup: string;
  dirty = false;

  constructor(id: number, bus: EventTarget) {
    this.id = id;
    this.markup = prose(2200, id);
    bus.addEventListener('resize', () => {
      this.dirty = true;
    });
  }

  close(): void {
    this.dirty = false;
  }
}

const bus = new EventTarget();
repeat(60, (index) => new Widget(index, bus).close());
