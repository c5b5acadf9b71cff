/** Every job listens for the abort of the whole program, and is listening still when it is done. */
import { prose, repeat } from '../load.js';

const stopping = new AbortController();
process.once('SIGUSR2', () => stopping.abort());

class Job {
  readonly id: number;
  readonly input: string;
  done = false;

  constructor(id: number) {
    this.id = id;
    this.input = prose(2500, id);
  }

  async run(signal: AbortSignal): Promise<void> {
    signal.addEventListener('abort', () => {
      this.done = true;
    });
    await new Promise((resolve) => setTimeout(resolve, 5));
    this.done = true;
  }
}

repeat(50, (index) => new Job(index).run(stopping.signal));
