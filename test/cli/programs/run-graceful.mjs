// Ends with code 0 when it is asked to, and says how often it was.
let asked = 0;
for (const signal of ['SIGTERM', 'SIGINT']) {
  process.on(signal, () => {
    asked += 1;
    setImmediate(() => {
      console.log(`${signal} ×${asked}`);
      process.exit(0);
    });
  });
}
setInterval(() => {}, 1000);
console.log(`up ${process.pid}`);
