import type { Clock } from '../runtime/clock.js';
import { say } from '../runtime/say.js';

const MAX_BYTES = 256 * 1024;
/** After a failure, the issuer is left alone for so long: requests with made-up tokens must not become requests to it. */
const PAUSE_MS = 10_000;

/** The keys of an issuer cannot be had at the moment. */
export class KeysUnavailable extends Error {}

type Init = Parameters<typeof fetch>[1];

/** Fetches the keys of an issuer, as `jose` asks for it. Rejects for anything but a JSON document of a bounded size. */
export function createKeyFetch(
  failed: (reason: string) => void,
  clock: Clock,
): (url: string, init: Init) => Promise<Response> {
  let nextMs = Number.NEGATIVE_INFINITY;
  return async (url, init) => {
    if (clock.monotonicMs() < nextMs) throw new KeysUnavailable(say`it failed moments ago`);
    try {
      // Redirects are not followed: `init` says so, and a status other than 200 is refused.
      const response = await fetch(url, init);
      if (response.status !== 200) throw new Error(say`its status is ${response.status}`);
      return new Response(await jsonOf(response));
    } catch (error) {
      nextMs = clock.monotonicMs() + PAUSE_MS;
      const reason = reasonOf(error);
      failed(reason);
      throw new KeysUnavailable(reason, { cause: error });
    }
  };
}

async function jsonOf(response: Response): Promise<Uint8Array<ArrayBuffer>> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    bytes += chunk.length;
    if (bytes > MAX_BYTES) throw new Error(say`it is larger than 256 KiB`);
    chunks.push(chunk);
  }
  const json = new Uint8Array(Buffer.concat(chunks));
  JSON.parse(new TextDecoder().decode(json));
  return json;
}

function reasonOf(error: unknown): string {
  if (error instanceof SyntaxError) return say`it is not JSON`;
  const { message, cause } = error as { message?: unknown; cause?: { code?: unknown } };
  return String(cause?.code ?? message).slice(0, 100);
}
