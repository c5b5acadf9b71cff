import assert from 'node:assert/strict';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { openApiDocument } from '../../src/http/schema/openapi.js';

interface Header {
  readonly required?: boolean;
}
interface Answer {
  readonly headers?: Readonly<Record<string, Header>>;
  readonly content?: Readonly<Record<string, { readonly schema?: { readonly $ref?: string } }>>;
}
type Operation = { readonly responses: Readonly<Record<string, Answer & { readonly $ref?: string }>> };
interface OpenApi {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly responses: Readonly<Record<string, Answer>> };
}

const DOCUMENT = openApiDocument() as unknown as OpenApi;
const ajv = new Ajv2020({ strict: false, allErrors: true });
addFormats.default(ajv);
ajv.addSchema({ ...DOCUMENT, $id: 'openapi.json' });
const compiled = new Map<string, ValidateFunction>();

/** A path with parameters matches any text that is not empty in their place; the earliest in the document wins. */
const PATHS = Object.entries(DOCUMENT.paths).map(([path, operations]) => ({
  pattern: new RegExp(`^${path.replace(/\./g, '\\.').replace(/\{\w+\}/g, '[^/]+')}$`),
  operations,
}));

/** One answer of the ops endpoint, and what was asked. */
export interface CheckedAnswer {
  readonly method: string;
  /** Of the request line: path and query. */
  readonly target: string;
  readonly status: number;
  readonly headers: { get(name: string): string | null | undefined };
  readonly body: string;
}

/**
 * Fails unless the OpenAPI document has this answer: its status for the route and the method, its headers, its media type, and
 * the schema of its body. What is no route, or no request at all, gets one of the problems that every route can have. The
 * app's own answers are not checked.
 */
export function checkAnswer(answer: CheckedAnswer): void {
  const { method, target, status } = answer;
  const path = (target.split('?', 1)[0] ?? '').replace(/^\/metrics$/, '/ops/metrics');
  const operation = operationOf(method, path);
  const type = answer.headers.get('content-type')?.split(';', 1)[0];
  if (operation === null && type !== 'application/problem+json' && !/^\/ops(\/|$)/.test(path)) return;
  const asked = `${method} ${target.slice(0, 200)}`;
  const found = operation === null ? { $ref: `problem ${status}` } : operation.responses[status];
  assert.ok(found !== undefined, `${asked}: the OpenAPI document has no answer ${status}`);
  const documented = found.$ref === undefined ? found : DOCUMENT.components.responses[`Problem${status}`];
  assert.ok(documented !== undefined, `${asked}: the OpenAPI document has no problem ${status}`);
  checkHeaders(asked, documented, answer);
  checkBody(asked, documented, answer, type);
}

function operationOf(method: string, path: string): Operation | null {
  const matching = PATHS.find(({ pattern }) => pattern.test(path));
  const name = method === 'HEAD' ? 'get' : method.toLowerCase();
  return matching?.operations[name] ?? null;
}

/** Headers that only the endpoint itself sets: an answer has those that the document gives it. */
const OWN_HEADERS = [
  'Allow',
  'Content-Disposition',
  'ETag',
  'Location',
  'RateLimit',
  'RateLimit-Policy',
  'Retry-After',
  'WWW-Authenticate',
];

function checkHeaders(asked: string, { headers = {} }: Answer, answer: CheckedAnswer): void {
  const missing = Object.entries(headers)
    .filter(
      ([name, { required }]) => required === true && (answer.headers.get(name.toLowerCase()) ?? '') === '',
    )
    .map(([name]) => name);
  assert.deepEqual(missing, [], `${asked}: the answer ${answer.status} lacks headers`);
  const undeclared = OWN_HEADERS.filter(
    (name) => !(name in headers) && (answer.headers.get(name.toLowerCase()) ?? '') !== '',
  );
  assert.deepEqual(
    undeclared,
    [],
    `${asked}: the OpenAPI document does not have headers of ${answer.status}`,
  );
  // Node's server refuses a broken request before there is an id.
  const isBroken = /"type":"about:blank"/.test(answer.body);
  assert.ok(
    isBroken || (answer.headers.get('x-request-id') ?? '') !== '',
    `${asked}: there is no X-Request-Id`,
  );
}

function checkBody(
  asked: string,
  { content }: Answer,
  { method, status, body }: CheckedAnswer,
  type: string | undefined,
): void {
  if (content === undefined) {
    assert.equal(body, '', `${asked}: the answer ${status} has no body`);
    return;
  }
  const { schema } = content[type ?? ''] ?? {};
  const types = Object.keys(content);
  assert.ok(types.includes(type ?? ''), `${asked}: ${status} as ${type} instead of ${types.join(', ')}`);
  const reference = schema?.$ref;
  if (reference === undefined || method === 'HEAD') return;
  const validate = validatorOf(reference);
  const value: unknown = JSON.parse(body);
  const errors = validate(value)
    ? []
    : (validate.errors ?? []).map(
        ({ instancePath, message, params }) => `${instancePath} ${message} ${JSON.stringify(params)}`,
      );
  assert.deepEqual(errors, [], `${asked}: the answer ${status} is not of the schema ${reference}`);
}

function validatorOf(reference: string): ValidateFunction {
  const known = compiled.get(reference) ?? ajv.compile({ $ref: `openapi.json${reference}` });
  compiled.set(reference, known);
  return known;
}

/** `fetch`, with its answer checked. */
export async function fetchChecked(url: string, init: RequestInit = {}): Promise<Response> {
  const response = await fetch(url, init);
  const { pathname, search } = new URL(url);
  const body = await response.clone().text();
  const { status, headers } = response;
  checkAnswer({ method: init.method ?? 'GET', target: pathname + search, status, headers, body });
  return response;
}
