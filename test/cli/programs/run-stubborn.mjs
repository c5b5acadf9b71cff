// Ends by no signal that can be handled.
for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'])
  process.on(signal, () => console.log(`ignored ${signal}`));
setInterval(() => {}, 1000);
console.log(`up ${process.pid}`);
