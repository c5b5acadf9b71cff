// Runs until it is told to end, and holds no more than at its start; with `once` it serves itself and ends.
console.log(`up ${process.pid}`);
if (process.argv[2] !== 'once') setInterval(() => {}, 1000);
