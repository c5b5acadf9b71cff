import { type Report, SCHEMA_VERSION } from '../report/report.js';
import { keepAlive, pause } from '../runtime/clock.js';
import type { OpsAddress } from './ops-address.js';
import { noAnswer, refusal, secondsOf } from './ops-failure.js';
import { type Credentials, type OpsReply, type OpsRequest, sendRequest } from './ops-request.js';

/** A longer wait is for a person to decide. */
const MAX_WAIT_SECONDS = 30;
const MAX_WAITS = 3;
/** For `leakwatch run`, which asks again anyway. */
const RUN_TIMEOUT_MS = 5000;

/** Asks one ops endpoint as one client. */
export class OpsClient {
  readonly address: OpsAddress;
  readonly #credentials: Credentials;
  readonly #say: (line: string) => void;

  /** `say` gets a line whenever the client waits. */
  constructor(address: OpsAddress, credentials: Credentials, say: (line: string) => void) {
    this.address = address;
    this.#credentials = credentials;
    this.#say = say;
  }

  /** Resolves with an answer of one of the statuses in `expected`; rejects with an `OpsFailure` for anything else. */
  async ask(request: OpsRequest, expected: readonly number[] = [200]): Promise<OpsReply> {
    for (let waits = 0; ; waits++) {
      const reply = await this.#send(request);
      if (expected.includes(reply.status)) return reply;
      const seconds = reply.status === 429 ? secondsOf(reply.headers['retry-after']) : null;
      if (seconds === null || seconds > MAX_WAIT_SECONDS || waits >= MAX_WAITS)
        throw refusal(request, this.#credentials.token !== null, reply, this.address);
      this.#say(`the service asks to wait ${seconds} s`);
      await wait(seconds * 1000);
    }
  }

  async #send(request: OpsRequest): Promise<OpsReply> {
    try {
      return await sendRequest(this.address, this.#credentials, request);
    } catch (error) {
      throw noAnswer(error as NodeJS.ErrnoException, this.address);
    }
  }
}

/** Keeps the command alive meanwhile. */
export async function wait(ms: number): Promise<void> {
  const alive = keepAlive();
  await pause(ms);
  alive.cancel();
}

/**
 * `GET /ops/leaks` of the process that listens on `socketPath`. `later`: no report now, since the process is busy or
 * starting; `gone`: none ever again, since it has ended. Never rejects.
 */
export async function fetchReport(socketPath: string, token: string): Promise<Report | 'later' | 'gone'> {
  const address = { secure: false, target: { socketPath }, base: '/ops' };
  try {
    const { status, body } = await sendRequest(
      address,
      { token },
      { path: '/leaks', timeoutMs: RUN_TIMEOUT_MS },
    );
    return (status === 200 ? readReport(body.toString('utf8')) : null) ?? 'later';
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return code === 'ECONNREFUSED' || code === 'ENOENT' ? 'gone' : 'later';
  }
}

/** Parses the JSON of a report; null for anything else. */
export function readReport(text: string): Report | null {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== 'object' || value === null) return null;
    const { schemaVersion, findings } = value as Partial<Report>;
    return schemaVersion === SCHEMA_VERSION && Array.isArray(findings) ? (value as Report) : null;
  } catch {
    return null;
  }
}
