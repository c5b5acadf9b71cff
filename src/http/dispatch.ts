import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Principal } from '../access/principal.js';
import { ERROR_CODES } from '../errors.js';
import { charge } from './admission.js';
import type { RouteHandler } from './call.js';
import type { OpsDependencies } from './ops-dependencies.js';
import { insufficientScope, problem } from './problem.js';
import { readJsonBody } from './request-body.js';
import { type OpsResponse, requestIdOf } from './response.js';
import { type InputRouteName, isAudited, type RouteName, routeOf } from './routes.js';
import type { InputWords } from './schema/input-words.js';
import type { InputSchema } from './schema/inputs.js';

export interface Dispatched {
  readonly name: RouteName;
  readonly principal: Principal;
  readonly parameters: Readonly<Record<string, string>>;
}

/** An authenticated request at its route: scope and limit, then input, then audit, then the handler. */
export async function dispatch(
  request: IncomingMessage,
  response: ServerResponse,
  { name, principal, parameters }: Dispatched,
  handle: RouteHandler<RouteName>,
  dependencies: Pick<OpsDependencies, 'audited' | 'answered' | 'denied' | 'limits' | 'operations'>,
): Promise<OpsResponse> {
  const { scope, beginnerToo = false, input } = routeOf(name);
  const audited = isAudited(scope);
  const isBeginner = () => dependencies.operations.find(parameters['id'] ?? '')?.principal === principal.id;
  const granted = principal.scopes.has(scope) || (beginnerToo && isBeginner());
  const excess = await charge(request, response, principal, granted ? scope : 'refused', dependencies);
  if (excess !== null) return excess;
  if (!granted) {
    if (audited) dependencies.denied(request, principal);
    return insufficientScope(scope, principal);
  }
  const taken = input === true ? await inputOf(name as InputRouteName, request, response) : NO_INPUT;
  if ('refusal' in taken) return taken.refusal;
  const { query, body } = taken;
  const requestId = requestIdOf(response);
  if (audited) {
    const call = {
      requestId,
      principal,
      route: name,
      method: request.method ?? '',
      parameters,
      input: query === null && body === null ? null : { query, body },
      client: request.socket.remoteAddress ?? null,
    };
    const failure = await dependencies.audited(call);
    if (failure !== null)
      return problem('LEAKWATCH_ERR_AUDIT', `The audit log cannot be written: ${failure}. Nothing was done.`);
  }
  let status = ERROR_CODES.LEAKWATCH_ERR_INTERNAL.status as number;
  try {
    // The schema of the route made the input, so it is of the handler's type.
    const call = { request, principal, requestId, parameters, query: query as never, body: body as never };
    const answer = await handle(call);
    status = answer.status;
    return answer;
  } finally {
    if (audited) dependencies.answered(requestId, status);
  }
}

interface Input {
  readonly query: unknown;
  readonly body: unknown;
}
const NO_INPUT: Input = { query: null, body: null };

async function inputOf(
  name: InputRouteName,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<Input | { readonly refusal: OpsResponse }> {
  const { INPUTS, inputWords } = await import('./schema/inputs.js');
  const schema: InputSchema = INPUTS[name];
  const query = checked(schema.query, inputWords, 'query', () => queryOf(request.url ?? ''));
  if ('refusal' in query) return query;
  if (schema.body === null) return { query: query.value, body: null };
  const sent = await readJsonBody(request, response);
  if ('refusal' in sent) return sent;
  const body = checked(schema.body, inputWords, 'body', () => (sent.value === undefined ? {} : sent.value));
  return 'refusal' in body ? body : { query: query.value, body: body.value };
}

function checked(
  schema: InputSchema['query'],
  words: InputWords,
  where: 'query' | 'body',
  given: () => unknown,
): { readonly value: unknown } | { readonly refusal: OpsResponse } {
  if (schema === null) return { value: null };
  const result = schema.safeParse(given(), { error: words });
  if (result.success) return { value: result.data };
  // The schema's own messages name fields and bounds, never the value that was sent.
  const issue = result.error.issues[0];
  const keys = issue?.code === 'unrecognized_keys' ? issue.keys : (issue?.path ?? []).map(String);
  const field = keys.length === 0 ? where : `${where}.${keys.join('.')}`.slice(0, 200);
  const detail = issue?.code === 'unrecognized_keys' ? 'is unknown' : (issue?.message ?? 'is invalid');
  return { refusal: problem('LEAKWATCH_ERR_INVALID_INPUT', `${field}: ${detail}.`) };
}

/**
 * Each name with its value, or with all its values if the query repeats it: no schema takes these, since a proxy may have read
 * another one of them.
 */
function queryOf(url: string): Readonly<Record<string, unknown>> {
  const at = url.indexOf('?');
  const entries = [...new URLSearchParams(at < 0 ? '' : url.slice(at + 1))];
  const names = new Set(entries.map(([name]) => name));
  return Object.fromEntries(
    [...names].map((name) => {
      const values = entries.filter(([other]) => other === name).map(([, value]) => value);
      return [name, values.length === 1 ? values[0] : values];
    }),
  );
}
