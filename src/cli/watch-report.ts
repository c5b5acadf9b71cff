import { systemClock } from '../runtime/clock.js';
import type { LiveLine } from './live-line.js';
import { type OpsClient, wait } from './ops-client.js';
import { OpsFailure } from './ops-failure.js';
import { printable } from './printable.js';

const ASK_EVERY_MS = 2000;
const HOME_AND_CLEAR = '\u001b[H\u001b[2J';

/** Where the reports go. */
export interface ReportOutput {
  readonly isTTY?: boolean | undefined;
  write(text: string): unknown;
}

/**
 * Prints what `path` gives whenever its tag changes: on a terminal in the place of the last one, otherwise below it, as
 * JSON one line each. A service that restarts is asked until it answers again. Rejects with what waiting cannot mend,
 * and if the very first request fails, which is an error in the command line more often than a restart.
 */
export async function watchReport(
  client: OpsClient,
  path: string,
  json: boolean,
  line: LiveLine,
  output: ReportOutput,
): Promise<never> {
  const accept = json ? 'application/json' : 'text/plain';
  let tag: string | null = null;
  let hasAnswered = false;
  let isLost = false;
  for (;;) {
    try {
      const { status, headers, body } = await client.ask({ path, accept, ifNoneMatch: tag }, [200, 304]);
      if (isLost) line.say('the service answers again');
      [hasAnswered, isLost] = [true, false];
      if (status === 200) {
        tag = headers.etag ?? null;
        line.clear();
        output.write(framed(printable(body.toString('utf8'), json), json, output.isTTY === true));
      }
      line.draw(`as of ${time()}, asked every ${ASK_EVERY_MS / 1000} s; Ctrl-C ends`);
    } catch (error) {
      if (!(error instanceof OpsFailure) || !error.mayPass || !hasAnswered) throw error;
      if (!isLost) line.say(`${error.message}; asking again every ${ASK_EVERY_MS / 1000} s`);
      isLost = true;
    }
    await wait(ASK_EVERY_MS);
  }
}

function framed(text: string, json: boolean, isTTY: boolean): string {
  if (json) return text;
  return isTTY ? HOME_AND_CLEAR + text : `--- ${new Date(systemClock.now()).toISOString()}\n${text}\n`;
}

function time(): string {
  return new Date(systemClock.now()).toTimeString().slice(0, 8);
}
