/**
 * Load on one service, in its own process so that it takes no time from the service's or the meter's thread.
 * `node load.js JSON` with a `LoadOrder`; prints a `LoadResult` as one line of JSON.
 */
import autocannon from 'autocannon';
import { percentile } from './statistics.js';

export interface LoadOrder {
  readonly url: string;
  readonly paths: readonly string[];
  readonly connections: number;
  /** Requests a second, all connections together; as fast as the service answers if missing. */
  readonly rate?: number;
  readonly warmUpSeconds: number;
  readonly seconds: number;
}

export interface LoadResult {
  /** All responses. */
  readonly requests: number;
  readonly requestsPerSecond: number;
  /** Milliseconds. */
  readonly p99: number;
  /** Responses other than 2xx, and requests without a response. */
  readonly failed: number;
}

const order = JSON.parse(process.argv[2] ?? '{}') as LoadOrder;
await drive(order.warmUpSeconds);
process.send?.('warm');
console.log(JSON.stringify(await drive(order.seconds)));
process.disconnect?.();

/** autocannon's histogram rounds to whole milliseconds, too coarse for a ratio; so the times are recorded here. */
async function drive(seconds: number): Promise<LoadResult> {
  const { url, paths, connections, rate } = order;
  const pace = rate === undefined ? {} : { overallRate: rate };
  const times: number[] = [];
  const requests = paths.map((path) => ({ path }));
  const result = await new Promise<autocannon.Result>((resolve, reject) => {
    const run = autocannon({ url, requests, connections, duration: seconds, ...pace }, (error, outcome) => {
      if (error instanceof Error) reject(error);
      else resolve(outcome);
    });
    run.on('response', (_client, _status, _bytes, timeMs) => times.push(timeMs));
  });
  return {
    requests: times.length,
    requestsPerSecond: times.length / result.duration,
    p99: percentile(times, 0.99),
    failed: result.non2xx + result.errors,
  };
}
