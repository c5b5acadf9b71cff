import { terminalText } from '../report/terminal-text.js';
import { formatShare } from '../runtime/units.js';
import { CommandError } from './command.js';
import type { LiveLine } from './live-line.js';
import { type OpsClient, wait } from './ops-client.js';
import { OpsFailure } from './ops-failure.js';
import type { OpsRequest } from './ops-request.js';
import { parsed } from './printable.js';

/** The service answers when the operation has ended, or after this time: then its progress is shown. */
const WAIT_SECONDS = 2;
/** How often a service that does not answer is asked again; it loses its operations only if it restarts. */
const RETRIES = 15;
const RETRY_MS = 2000;
const MAX_WORDS = 400;
const ID = /^[\w-]{1,100}$/;

/** An operation as the service shows it. */
export interface OperationView {
  readonly id: string;
  readonly state: string;
  readonly progress: {
    readonly step: string;
    readonly part: number | null;
    readonly round: { readonly number: number; readonly of: number } | null;
  } | null;
  readonly error: { readonly code: string; readonly detail: string } | null;
  /** Of the request that began it; null if the service does not say. */
  readonly requestId: string | null;
  /** The whole JSON. */
  readonly document: Readonly<Record<string, unknown>>;
}

/** How an operation ended for the one who began it. */
export interface FollowedOperation {
  readonly operation: OperationView;
  /** By Ctrl-C. */
  readonly interrupted: boolean;
}

/**
 * Begins an operation and follows it to its end, its progress on the line. The first Ctrl-C cancels it, the second
 * ends the command at once. An operation that another client began is joined, and left running.
 */
export async function runOperation(
  client: OpsClient,
  request: OpsRequest,
  line: LiveLine,
): Promise<FollowedOperation> {
  const begun = await client.ask(request, [202]);
  const first = viewOf(begun.body);
  const isOwn = first.requestId === null || first.requestId === begun.headers['x-request-id'];
  if (!isOwn) line.say('joined the operation that another client has begun');
  let interrupted = false;
  const interrupt = (): void => {
    if (interrupted) {
      process.off('SIGINT', interrupt);
      process.kill(process.pid, 'SIGINT');
      return;
    }
    interrupted = true;
    if (isOwn) void cancel(client, first.id, line);
  };
  process.on('SIGINT', interrupt);
  try {
    let operation = first;
    while (operation.state === 'running' && !(interrupted && !isOwn)) {
      show(operation, line);
      operation = await look(client, first.id, line);
    }
    return { operation, interrupted };
  } finally {
    process.off('SIGINT', interrupt);
    line.clear();
  }
}

/** Throws a `CommandError` unless it succeeded. */
export function requireSuccess({ state, error }: OperationView, what: string): void {
  if (state === 'succeeded') return;
  const why = error === null ? '' : `: ${terminalText(`${error.detail} (${error.code})`, MAX_WORDS)}`;
  throw new CommandError(`${what} ${state === 'cancelled' ? 'was cancelled' : 'failed'}${why}`);
}

async function cancel(client: OpsClient, id: string, line: LiveLine): Promise<void> {
  line.say('cancelling …');
  try {
    await client.ask({ method: 'DELETE', path: `/operations/${id}` }, [200, 202, 204, 404, 409]);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    line.say(`it could not be cancelled and ends by itself: ${why}. Ctrl-C again ends this command`);
  }
}

async function look(client: OpsClient, id: string, line: LiveLine): Promise<OperationView> {
  for (let retries = 0; ; retries++) {
    try {
      const { body } = await client.ask({ path: `/operations/${id}?waitSeconds=${WAIT_SECONDS}` });
      return viewOf(body);
    } catch (error) {
      if (!(error instanceof OpsFailure)) throw error;
      if (error.status === 404)
        throw new CommandError('the service does not know the operation any more; it has restarted');
      if (!error.mayPass || retries >= RETRIES) throw error;
      if (retries === 0) line.say(`${error.message}; asking again`);
      await wait(RETRY_MS);
    }
  }
}

function show({ progress }: OperationView, line: LiveLine): void {
  if (progress === null) return;
  const { step, part, round } = progress;
  const which = round === null ? '' : ` ${round.number} of ${round.of}`;
  line.draw(`${step}${which} …${part === null ? '' : `  ${formatShare(part)}`}`);
}

function viewOf(body: Buffer): OperationView {
  const document = parsed(body.toString('utf8'));
  if (typeof document !== 'object' || document === null)
    throw new CommandError('the answer is not an operation');
  const { id, state, progress, error, requestId } = document as Readonly<Record<string, unknown>>;
  if (typeof id !== 'string' || !ID.test(id) || typeof state !== 'string')
    throw new CommandError('the answer is not an operation');
  return {
    id,
    state,
    progress: (progress ?? null) as OperationView['progress'],
    error: (error ?? null) as OperationView['error'],
    requestId: typeof requestId === 'string' ? requestId : null,
    document: document as Readonly<Record<string, unknown>>,
  };
}
