import type { IncomingMessage } from 'node:http';

/**
 * Every value of a header, in order; `name` in lower case. `request.headers` keeps only the first of duplicates, and so hides
 * the one that a proxy may have read; `headersDistinct` throws in some versions of Node if a header is named `__proto__`.
 */
export function headerValues({ rawHeaders }: Pick<IncomingMessage, 'rawHeaders'>, name: string): string[] {
  return rawHeaders.filter((_, at) => at % 2 === 1 && rawHeaders[at - 1]!.toLowerCase() === name);
}
