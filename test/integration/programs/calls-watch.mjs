// Calls watch() itself, as a service does; argv[2] is the address of the package's index.
const { watch } = await import(process.argv[2]);
const watcher = await watch({ pace: 'production' });
console.log(JSON.stringify({ pace: watcher.report().watcher.pace, router: typeof watcher.router() }));
await watcher.stop();
