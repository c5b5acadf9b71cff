import { readFile } from 'node:fs/promises';
import { renderJson } from '../../report/json.js';
import { packageVersion, packedFile } from '../../runtime/package-version.js';
import type { RouteHandler } from '../call.js';

const FILE = 'docs/openapi.json';

/**
 * The OpenAPI document, read by the first request for it. Making it of the schemas takes 60 ms at once, and zod takes 13 MB: that is
 * done only where a bundler left out the file.
 */
export function createDocumentHandler(
  read: () => Promise<string> = async () => await readFile(packedFile(FILE), 'utf8'),
): RouteHandler<'openapi'> {
  let body: string | null = null;
  return async () => {
    body ??= `${renderJson(await packedDocument(read).catch(madeDocument))}\n`;
    return { status: 200, headers: { 'Content-Type': 'application/json; charset=utf-8' }, body };
  };
}

async function packedDocument(read: () => Promise<string>): Promise<unknown> {
  const document = JSON.parse(await read()) as { readonly info: object };
  return { ...document, info: { ...document.info, version: packageVersion() } };
}

async function madeDocument(): Promise<unknown> {
  const { openApiDocument } = await import('../schema/openapi.js');
  return openApiDocument();
}
