// A primary with two workers, which all run until they are told to end.
const cluster = require('node:cluster');
if (cluster.isPrimary) for (let i = 0; i < 2; i++) cluster.fork();
setInterval(() => {}, 1000);
console.log(`up ${process.pid}`);
