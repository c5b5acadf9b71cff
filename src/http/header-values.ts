import type { IncomingMessage } from 'node:http';

/**
 * Every value a header was sent with, in order; `name` in lower case.
 * `request.headers` keeps only the first of duplicates, which hides what another party may have read instead.
 */
export function headerValues(request: Pick<IncomingMessage, 'rawHeaders'>, name: string): readonly string[] {
  const values: string[] = [];
  const { rawHeaders } = request;
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    if (rawHeaders[i]?.toLowerCase() === name) values.push(rawHeaders[i + 1] ?? '');
  }
  return values;
}
