/** Holds ever more memory, and ends when its parent does. */
const parent = process.ppid;
const held: Buffer[] = [];

function grow(): void {
  if (process.ppid !== parent || held.length > 4000) process.exit(3);
  held.push(Buffer.alloc(2 ** 20, 1));
  setTimeout(grow, 2);
}

process.send?.('ready');
grow();
