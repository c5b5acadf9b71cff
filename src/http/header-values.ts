import type { IncomingMessage } from 'node:http';

/**
 * Every value of a header, in order; `name` in lower case.
 * `request.headers` keeps only the first of duplicates, and so hides the one that a proxy may have read.
 */
export function headerValues(request: Pick<IncomingMessage, 'rawHeaders'>, name: string): readonly string[] {
  const values: string[] = [];
  const { rawHeaders } = request;
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    if (rawHeaders[i]?.toLowerCase() === name) values.push(rawHeaders[i + 1] ?? '');
  }
  return values;
}
