/** Computes without a pause, and ends when its parent does. */
const parent = process.ppid;
let sum = 0;

function compute(): void {
  if (process.ppid !== parent) process.exit(3);
  for (let i = 0; i < 1e6; i++) sum += Math.sqrt(i);
  setImmediate(compute);
}

process.send?.('ready');
compute();
process.on('exit', () => process.stdout.write(`${sum}`));
