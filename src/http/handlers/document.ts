import { renderJson } from '../../report/json.js';
import type { RouteHandler } from '../call.js';

/** The OpenAPI document, made by the first request for it: it loads zod, and never changes. */
export function createDocumentHandler(): RouteHandler<'openapi'> {
  let body: string | null = null;
  return async () => {
    if (body === null) {
      const { openApiDocument } = await import('../schema/openapi.js');
      body = `${renderJson(openApiDocument())}\n`;
    }
    return { status: 200, headers: { 'Content-Type': 'application/json; charset=utf-8' }, body };
  };
}
