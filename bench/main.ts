/** `npm run bench [-- overhead | engine | capture | sites | soak | flood] [options]`; without a name it runs the first. */
const SCENARIOS: Readonly<Record<string, () => Promise<unknown>>> = {
  overhead: () => import('./overhead.js'),
  engine: () => import('./engine/main.js'),
  capture: () => import('./capture/main.js'),
  sites: () => import('./sites.js'),
  soak: () => import('./soak.js'),
  flood: () => import('./flood.js'),
};

const [name] = process.argv.slice(2);
const scenario = name !== undefined && Object.hasOwn(SCENARIOS, name) ? name : 'overhead';
// The scenarios parse the options themselves.
if (scenario === name) process.argv.splice(2, 1);
await SCENARIOS[scenario]!();
