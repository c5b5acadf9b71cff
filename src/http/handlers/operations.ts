import { setMaxListeners } from 'node:events';
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import Negotiator from 'negotiator';
import { ERROR_CODES } from '../../errors.js';
import type { Operation, OperationFile } from '../../operations/operation.js';
import type { BeginOutcome, Operations } from '../../operations/operations.js';
import type { RouteHandlers } from '../call.js';
import { problem, retryAfter } from '../problem.js';
import { json, type OpsResponse } from '../response.js';
import { ROUTES } from '../routes.js';

/** How long a DELETE waits for the cancelled work to end, milliseconds; it then answers with the operation as it stands. */
const CANCEL_WAIT_MS = 2_000;

const NO_OPERATION = problem(
  'LEAKWATCH_ERR_NOT_FOUND',
  'No operation has this id. Operations are kept for an hour after their end, fifty at most.',
);

export function createOperationHandlers({
  operations,
}: {
  readonly operations: Operations;
}): Pick<RouteHandlers, 'operation' | 'cancelOperation' | 'operationFile'> {
  /** Null: too many clients wait. */
  const waited = async (request: IncomingMessage, id: string, waitMs: number): Promise<null | 'waited'> => {
    const wait = operations.wait(id, waitMs, goneOf(request.socket));
    if (wait === null) return null;
    await wait;
    return 'waited';
  };
  return {
    async operation({ request, parameters: { id = '' }, query: { waitSeconds } }) {
      if ((await waited(request, id, waitSeconds * 1000)) === null) return TOO_MANY_WAIT;
      return answered(operations.find(id));
    },
    async cancelOperation({ request, parameters: { id = '' } }) {
      const operation = operations.find(id);
      if (operation === null) return NO_OPERATION;
      if (!operations.cancel(id))
        return problem('LEAKWATCH_ERR_OPERATION_ENDED', `The operation has ended: ${operation.state}.`);
      await waited(request, id, CANCEL_WAIT_MS);
      return answered(operations.find(id));
    },
    async operationFile({ request, parameters: { id = '' } }) {
      const operation = operations.find(id);
      if (operation === null) return NO_OPERATION;
      return await download(request, operation);
    },
  };
}

const GONE = new WeakMap<Socket, AbortSignal>();

/**
 * Aborted when the client is gone. A request that has been read closes at once, and the response of a pipelined one never
 * does; the connection stays. It has one listener, however many of its requests wait.
 */
function goneOf(socket: Socket): AbortSignal {
  const known = GONE.get(socket);
  if (known !== undefined) return known;
  const gone = new AbortController();
  setMaxListeners(0, gone.signal);
  if (socket.destroyed) gone.abort();
  else socket.once('close', () => gone.abort());
  GONE.set(socket, gone.signal);
  return gone.signal;
}

const TOO_MANY_WAIT = problem(
  'LEAKWATCH_ERR_TOO_MANY_REQUESTS',
  'Too many clients wait for operations. Ask without waitSeconds.',
  { 'Retry-After': '1' },
);

/** The response to a request that begins long work. */
export function begun(request: IncomingMessage, outcome: BeginOutcome): OpsResponse {
  const { operation } = outcome;
  const location = `${mountOf(request)}${ROUTES.operation.path.replace(':id', operation.id)}`;
  if (outcome.outcome !== 'busy')
    return { ...json(published(operation), { Location: location }), status: 202 };
  const detail =
    operation.state === 'running'
      ? `The operation ${operation.kind} is running, begun by ${operation.principal}.`
      : `The next ${operation.kind} can begin in ${Math.ceil(outcome.retryAfterMs / 1000)} s.`;
  return problem('LEAKWATCH_ERR_BUSY', detail, { Location: location, ...retryAfter(outcome.retryAfterMs) });
}

function answered(operation: Operation | null): OpsResponse {
  return operation === null ? NO_OPERATION : json(published(operation));
}

/** Where the host mounted the router; `/ops` on the own listener. */
function mountOf(request: IncomingMessage & { readonly baseUrl?: unknown }): string {
  return typeof request.baseUrl === 'string' ? request.baseUrl : '';
}

function published({ startedAtMs, endedAtMs, error, files, ...operation }: Operation): unknown {
  return {
    ...operation,
    startedAt: new Date(startedAtMs).toISOString(),
    endedAt: endedAtMs === null ? null : new Date(endedAtMs).toISOString(),
    error: error === null ? null : { ...error, title: ERROR_CODES[error.code].title },
    files: files.map(({ mediaType, filename }) => ({ mediaType, filename })),
  };
}

async function download(request: IncomingMessage, { state, files }: Operation): Promise<OpsResponse> {
  if (files.length === 0)
    return problem(
      'LEAKWATCH_ERR_NO_FILE',
      state === 'succeeded'
        ? 'The operation has no files, or newer results have taken their place.'
        : `The operation is not done: ${state}.`,
    );
  return await fileOf(request, files);
}

/** The file in the media type that the client prefers; the first one without a preference. */
export async function fileOf(
  request: IncomingMessage,
  files: readonly OperationFile[],
): Promise<OpsResponse> {
  const types = files.map(({ mediaType }) => mediaType);
  const accept = request.headers.accept || '*/*';
  const preferred = new Negotiator({ headers: { accept } }).mediaType(types);
  const file = files.find(({ mediaType }) => mediaType === preferred);
  if (file === undefined) return problem('LEAKWATCH_ERR_NOT_ACCEPTABLE', `Available: ${types.join(', ')}.`);
  return {
    status: 200,
    headers: {
      'Content-Type': file.mediaType,
      'Content-Disposition': `attachment; filename="${file.filename}"`,
      Vary: 'Accept',
      ...file.headers,
    },
    body: await file.bytes(),
  };
}
