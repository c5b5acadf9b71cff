/** Each connection keeps the previous one, through a scope that two closures share although only one of them is kept. */
import { prose, repeat } from '../load.js';

interface Connection {
  readonly describe: () => string;
  readonly banner: string;
}

let current: Connection | null = null;

function reconnect(index: number): void {
  const previous = current;
  const unused = () => previous?.banner;
  void unused;
  current = { banner: prose(4000, index), describe: () => 'a connection' };
}

repeat(30, reconnect);
