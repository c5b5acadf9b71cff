import type { z } from 'zod';
import { SCOPES } from '../../access/scope.js';
import type { ErrorCode } from '../../errors.js';
import { packageVersion } from '../../runtime/package-version.js';
import { type InputRouteName, isAudited, ROUTE_NAMES, type RouteName, routeOf } from '../routes.js';
import { ANSWER_HEADERS, type Answer, type AnswerHeader, type Content, type RouteAnswers } from './answer.js';
import { ANSWERS } from './answers.js';
import { INPUTS, type InputSchema } from './inputs.js';
import { inputSchema, type Json, NamedSchemas } from './json-schemas.js';
import { problemAnswers, SHARED_ERRORS } from './problem.js';

/** What a route with a body can answer to it. */
const BODY_ERRORS = [
  'LEAKWATCH_ERR_BODY_TOO_LARGE',
  'LEAKWATCH_ERR_BODY_TIMEOUT',
  'LEAKWATCH_ERR_UNSUPPORTED_MEDIA_TYPE',
] as const;

const DESCRIPTION =
  `The maintenance endpoint of a service that leakwatch watches. It is served in the service's own app and on
the watcher's own listener, which also serves the metrics at \`/metrics\`. A route that is off answers 404. HEAD is answered
wherever GET is, without a body. Any answer may grow by fields with a new version.`.replaceAll('\n', ' ');

/**
 * The OpenAPI 3.1 document of every route: the same for the same version, whatever the options. `docs/openapi.json` is generated with
 * words in place of the version, so that a release leaves it as it is; the endpoint fills the version in.
 */
export function openApiDocument(version: string = packageVersion()): Json {
  const schemas = new NamedSchemas();
  const problems = problemAnswers(ROUTE_NAMES.flatMap(errorsOf));
  const paths: Record<string, Record<string, Json>> = {};
  for (const name of ROUTE_NAMES) {
    const { path, method } = routeOf(name);
    const address = `/ops${path.replace(/:(\w+)/g, '{$1}')}`;
    paths[address] = { ...paths[address], [method.toLowerCase()]: operation(name, schemas) };
  }
  const responses = Object.fromEntries(
    [...problems].map(([status, { description, schema }]) => [
      `Problem${status}`,
      {
        description,
        headers: {
          ...EVERY_ANSWER,
          ...(NEVER_COUNTED.includes(status) ? {} : COUNTED),
          ...PROBLEM_HEADERS[status],
        },
        content: { 'application/problem+json': { schema: schemas.refer(schema, `Problem${status}`) } },
      },
    ]),
  );
  return {
    openapi: '3.1.1',
    info: {
      title: 'leakwatch ops endpoint',
      version,
      description: DESCRIPTION,
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [{ url: '/' }],
    paths,
    components: {
      schemas: schemas.rendered(),
      responses,
      headers: Object.fromEntries(
        Object.entries(HEADERS).map(([name, description]) => [
          name,
          { description, schema: { type: 'string' } },
        ]),
      ),
      securitySchemes: SECURITY_SCHEMES,
    },
  };
}

const HEADERS = {
  'X-Request-Id': 'Random id of this request, the same as in the audit log.',
  'WWW-Authenticate': 'The scheme that is asked for, and the scope that the token lacks.',
  Allow: 'The methods that this address allows.',
  Location: ANSWER_HEADERS.Location,
  'Retry-After': ANSWER_HEADERS['Retry-After'],
  RateLimit: 'What is left of the limit that the request was counted by, and when it is whole again.',
  'RateLimit-Policy': 'That limit.',
} as const;

const headerReference = (name: keyof typeof HEADERS) => ({
  [name]: { $ref: `#/components/headers/${name}` },
});
const EVERY_ANSWER = headerReference('X-Request-Id');
const COUNTED = { ...headerReference('RateLimit'), ...headerReference('RateLimit-Policy') };
/** Who is not known has no limit of its own. */
const NEVER_COUNTED: readonly number[] = [401, 431];
const PROBLEM_HEADERS: Readonly<Record<number, Json>> = {
  401: headerReference('WWW-Authenticate'),
  403: headerReference('WWW-Authenticate'),
  405: headerReference('Allow'),
  429: { ...headerReference('Retry-After'), ...headerReference('Location') },
  503: headerReference('Retry-After'),
};

const SECURITY_SCHEMES = {
  bearer: {
    type: 'http',
    scheme: 'bearer',
    description: `A token of \`npx leakwatch token\`, or a JWT where that is configured. Scopes: ${SCOPES.join(', ')}.`,
  },
  certificate: {
    type: 'mutualTLS',
    description: 'A client certificate whose subject is configured, on an own listener with TLS.',
  },
} as const;

function operation(name: RouteName, schemas: NamedSchemas): Json {
  const { scope, path } = routeOf(name);
  const { summary, answers }: RouteAnswers = ANSWERS[name];
  const { query, body } = inputOf(name);
  const parameters = [...pathParameters(path), ...queryParameters(query)];
  // A method that the path does not have is answered 405, but it is no operation.
  const errors = [...problemAnswers(errorsOf(name)).keys()].filter((status) => status !== 405);
  const responses = Object.fromEntries([
    ...Object.entries(answers).map(([status, answer]) => [
      status,
      rendered(answer, (schema, type) => schemas.refer(schema, `${name}-${status}-${type.split('/')[1]}`)),
    ]),
    ...errors.map((status) => [status, { $ref: `#/components/responses/Problem${status}` }]),
  ]);
  return {
    operationId: name,
    summary,
    // Open metrics need none: `metricsAuth: 'none'`.
    security: [{ bearer: [scope] }, { certificate: [scope] }, ...(name === 'metrics' ? [{}] : [])],
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(body === null ? {} : { requestBody: requestBody(body) }),
    responses,
  };
}

function requestBody(schema: z.ZodType): Json {
  return {
    required: !schema.safeParse({}).success,
    content: { 'application/json': { schema: inputSchema(schema) } },
  };
}

/** Every error that a request to this route can get. */
function errorsOf(name: RouteName): readonly ErrorCode[] {
  const { errors }: RouteAnswers = ANSWERS[name];
  const { scope, input } = routeOf(name);
  return [
    ...SHARED_ERRORS,
    ...errors,
    ...(input === true ? (['LEAKWATCH_ERR_INVALID_INPUT'] as const) : []),
    ...(inputOf(name).body === null ? [] : BODY_ERRORS),
    ...(isAudited(scope) ? (['LEAKWATCH_ERR_AUDIT'] as const) : []),
  ];
}

function inputOf(name: RouteName): InputSchema {
  return routeOf(name).input === true ? INPUTS[name as InputRouteName] : { query: null, body: null };
}

function rendered(
  { description, headers = [], content }: Answer,
  refer: (schema: z.ZodType, type: string) => Json,
): Json {
  const schemaOf = (of: Content, type: string): Json => {
    if (of === 'text') return { schema: { type: 'string' } };
    return of === 'bytes' ? {} : { schema: refer(of, type) };
  };
  const required = (name: AnswerHeader) => [
    name,
    { required: true, description: ANSWER_HEADERS[name], schema: { type: 'string' } },
  ];
  const types = Object.entries(content ?? {}).map(([type, of]) => [type, schemaOf(of, type)]);
  return {
    description,
    headers: { ...EVERY_ANSWER, ...COUNTED, ...Object.fromEntries(headers.map(required)) },
    ...(content === null ? {} : { content: Object.fromEntries(types) }),
  };
}

function pathParameters(path: string): readonly Json[] {
  return [...path.matchAll(/:(\w+)/g)].map(([, name]) => ({
    name,
    in: 'path',
    required: true,
    schema: { type: 'string' },
  }));
}

function queryParameters(query: z.ZodType | null): readonly Json[] {
  if (query === null) return [];
  const { properties, required } = inputSchema(query) as {
    readonly properties: Readonly<Record<string, Json>>;
    readonly required?: readonly string[];
  };
  return Object.entries(properties).map(([name, schema]) => ({
    name,
    in: 'query',
    required: required?.includes(name) === true,
    schema,
  }));
}
