/** Requests write their spans into the store of the trace that the program was started in. */
import { AsyncLocalStorage } from 'node:async_hooks';
import { createServer } from 'node:http';
import { prose, serveUnderLoad } from '../load.js';

interface Trace {
  readonly name: string;
  readonly spans: { readonly name: string; readonly startedAt: number; readonly attributes: string }[];
}

const traces = new AsyncLocalStorage<Trace>();

function span(name: string, index: number): void {
  traces.getStore()?.spans.push({ name, startedAt: performance.now(), attributes: prose(1200, index) });
}

traces.run({ name: 'main', spans: [] }, () => {
  let served = 0;
  const handler = createServer().on('request', (_request, response) => {
    span('query', served++);
    span('render', served);
    response.end('ok');
  });
  serveUnderLoad((request, response) => void handler.emit('request', request, response), {
    perSecond: 50,
    path: (index) => `/pages/${index}`,
  });
});
