/** Each takes minutes: `npm test` leaves them out, `.ci/run` and `npm run nightly` run them. */
export const LONG = ['e2e', 'leaks', 'survival'];

/**
 * What depends on the version of Node, and why: `node scripts/test.mjs --each-node` runs it. Everything else computes with
 * values alone or reads files of this repository; containers, quotas and refusals differ with the kernel. All of it runs
 * on the Node of `npm test`, and on every supported one by `npm run nightly`.
 */
export const ON_EACH_NODE = {
  analysis: "options of V8 that the analysis's process starts with, and how it ends without memory",
  capture: "V8's serializer, in a forked child and in the service",
  'cli/run.test': 'options of Node that reach a program and its children, TypeScript without a build',
  'cli/sampled': "sampled snapshots, as V8's serializer writes them",
  daemon: 'samples and captures of a running V8',
  'heap/graph/devtools-equality': "V8's own retained sizes and distances",
  'heap/limits/owner-limits': "functions' scopes and sources in snapshots",
  'heap/real-snapshots':
    'names of edges and nodes, what a truncated heap keeps, and fingerprints that must be equal on every version',
  'http/abuse-connections': "Node's HTTP server, which the own listener lets read in slices",
  'http/sliced-reading': "Node's HTTP server, which the own listener lets read in slices",
  integration: '--import, workers, and loaders of ES modules and CommonJS',
  'metrics/collectors': 'metrics of the process',
  native: 'symbols, memory and threads of V8 that the addon relies on',
  'package/package': "npm's installation, and require() of ES modules",
  profiles: "V8's CPU profiler and allocation samples",
  sampling:
    "V8's GC events, heap statistics and allocation samples, and an addon that is compiled for one ABI",
  'survival/busy-services': 'threads of V8 and libuv at work while a child is forked',
  'survival/churn': 'threads of V8 and libuv at work while a child is forked',
  'survival/connections': "libuv's sockets in a forked child",
  'survival/ends': 'ends of processes and workers',
  'survival/large-memory': 'how V8 reserves and maps memory',
  'survival/threads-and-processes': 'workers and clusters',
};
