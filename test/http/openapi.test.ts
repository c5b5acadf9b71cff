import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Validator } from '@seriousme/openapi-schema-validator';
import type { z } from 'zod';
import type { Finding } from '../../src/findings/finding.js';
import { createDocumentHandler } from '../../src/http/handlers/document.js';
import { ROUTE_NAMES, routeOf } from '../../src/http/routes.js';
import { openApiDocument } from '../../src/http/schema/openapi.js';
import { FINDING, REPORT } from '../../src/http/schema/report.js';
import { renderJson } from '../../src/report/json.js';
import type { Report } from '../../src/report/report.js';
import { packageVersion } from '../../src/runtime/package-version.js';
import { finding, report } from '../report/report-fixture.js';
import { checkAnswer } from '../support/openapi-check.js';
import { bearer, exchange, ownListener, raw } from './ops-fixture.js';
import { opsStatus } from './status-fixture.js';

type Same<A, B> = [A] extends [B] ? ([B] extends [A] ? true : never) : never;
const reportIsReport: Same<z.output<typeof REPORT>, Report> = true;
const findingIsFinding: Same<z.output<typeof FINDING>, Finding> = true;

test('the schemas of report and finding have the fields of the types, and no other', () => {
  assert.ok(reportIsReport && findingIsFinding);
  assert.deepEqual(REPORT.parse(report()), report());
  assert.deepEqual(FINDING.parse(finding()), finding());
  assert.equal(REPORT.safeParse({ ...report(), surplus: 1 }).success, false);
  assert.equal(FINDING.safeParse({ ...finding(), title: undefined }).success, false);
});

describe('the OpenAPI document', () => {
  const document = openApiDocument() as {
    readonly paths: Readonly<Record<string, Readonly<Record<string, { readonly security: unknown }>>>>;
  };

  test('is valid by the schema of OpenAPI 3.1', async () => {
    const validator = new Validator();
    const { valid, errors } = await validator.validate(structuredClone(document));
    assert.deepEqual({ valid, errors }, { valid: true, errors: undefined });
    assert.equal(validator.version, '3.1');
  });

  test('has every route with its scope, and no other', () => {
    assert.deepEqual(
      Object.entries(document.paths).flatMap(([path, operations]) =>
        Object.entries(operations).map(([method, { security }]) => ({ path, method, security })),
      ),
      ROUTE_NAMES.map(routeOf).map(({ path, method, scope }) => ({
        path: `/ops${path.replace(/:(\w+)/, '{$1}')}`,
        method: method.toLowerCase(),
        // Metrics can be open.
        security: [{ bearer: [scope] }, { certificate: [scope] }, ...(scope === 'metrics' ? [{}] : [])],
      })),
    );
  });

  test('describes queries and bodies as a client writes them', () => {
    const { paths } = document as unknown as {
      readonly paths: Readonly<Record<string, Readonly<Record<string, Readonly<Record<string, unknown>>>>>>;
    };
    const { parameters } = paths['/ops/operations/{id}']!['get']!;
    const waitSeconds = { type: 'integer', minimum: 0, maximum: 25 };
    assert.deepEqual(parameters, [
      { name: 'id', in: 'path', required: true, schema: { type: 'string' } },
      {
        name: 'waitSeconds',
        in: 'query',
        required: false,
        schema: { ...waitSeconds, description: 'How long to wait for its end. Default: 0.' },
      },
    ]);
    const isRequired = (path: string, method: string) =>
      (paths[path]![method]!['requestBody'] as { readonly required: boolean }).required;
    assert.equal(isRequired('/ops/leaks/scan', 'post'), false);
    assert.equal(isRequired('/ops/leaks/{id}', 'patch'), true);
  });

  test('is served, and every build gives the same bytes', async () => {
    const place = await ownListener();
    const first = await exchange(place.port, raw('/ops/openapi.json', [bearer()]));
    const second = await exchange(place.port, raw('/ops/openapi.json', [bearer()]));
    await place.close();
    assert.equal(first.status, 200);
    assert.equal(second.body, first.body);
    assert.equal(first.body, `${renderJson(document)}\n`);
    assert.equal(JSON.stringify(openApiDocument()), JSON.stringify(document));
  });

  test('is read from its generated file once, and made of the schemas only where that is missing', async () => {
    let reads = 0;
    const from = (read: () => Promise<string>) => {
      const handle = createDocumentHandler(() => {
        reads += 1;
        return read();
      });
      return async () => (await handle({} as never)).body;
    };
    const packed = from(
      async () => '{ "openapi": "3.1.1", "info": { "title": "packed", "version": "see" } }',
    );
    const expected = `{"openapi":"3.1.1","info":{"title":"packed","version":"${packageVersion()}"}}\n`;
    assert.deepEqual([await packed(), await packed(), reads], [expected, expected, 1]);
    for (const missing of [() => Promise.reject(new Error('ENOENT')), async () => '{"openapi":'])
      assert.equal(await from(missing)(), `${renderJson(document)}\n`);
  });

  test('refers only to what it has, and names nothing that nobody refers to', () => {
    const text = JSON.stringify(document);
    const referred = new Set([...text.matchAll(/"\$ref":"#\/([^"]+)"/g)].map(([, path]) => path!));
    const { components } = document as unknown as {
      readonly components: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
    };
    const has = Object.entries(components)
      .filter(([kind]) => kind !== 'securitySchemes')
      .flatMap(([kind, named]) => Object.keys(named).map((name) => `components/${kind}/${name}`));
    // A method that a path does not have is no operation, so nothing but the tests refers to its answer.
    const unreferred = has.filter((name) => !referred.has(name));
    assert.deepEqual(unreferred, ['components/responses/Problem405']);
    assert.deepEqual(
      [...referred].filter((name) => !has.includes(name)),
      [],
    );
  });
});

describe('the check of every answer refuses', () => {
  const headers = new Map([
    ['content-type', 'application/json; charset=utf-8'],
    ['x-request-id', 'one'],
  ]);
  const tagged = new Map([...headers, ['etag', '"x"'], ['vary', 'Accept']]);
  const good = {
    method: 'GET',
    target: '/ops/status',
    status: 200,
    headers,
    body: JSON.stringify(opsStatus()),
  };

  test('nothing of a good answer', () => {
    checkAnswer(good);
    checkAnswer({ ...good, method: 'HEAD', body: '' });
    checkAnswer({ ...good, target: '/the/own/path/of/the/app', status: 418 });
  });

  const { reason: _, ...forgotten } = opsStatus();
  const bad = {
    'a field too many': { body: JSON.stringify({ ...opsStatus(), surplus: 1 }) },
    'a field too few': { body: JSON.stringify(forgotten) },
    'a status that the route does not have': { status: 201 },
    'a status that no route has': { target: '/ops/nothing', status: 418 },
    'another media type': { headers: new Map([...headers, ['content-type', 'text/html']]) },
    'an answer without an id': { headers: new Map([...headers].slice(0, 1)) },
    'a header that the answer does not have': { headers: new Map([...headers, ['location', '/ops/status']]) },
    'a report without a tag': { target: '/ops/leaks', body: JSON.stringify(report()) },
    'a success of a method that the route does not have': { method: 'PUT' },
    'a body that must not be': { target: '/ops/leaks', status: 304, headers: tagged },
    'a problem of another status': {
      target: '/ops/nothing',
      status: 404,
      headers: new Map([...headers, ['content-type', 'application/problem+json']]),
      body: JSON.stringify({ type: 'about:blank', title: 'Not Found', status: 404 }),
    },
  };
  for (const [what, changes] of Object.entries(bad))
    test(what, () => assert.throws(() => checkAnswer({ ...good, ...changes }), assert.AssertionError));
});
