import type { IncomingMessage, Server } from 'node:http';

/**
 * Every value of a header, in order; `name` in lower case. `request.headers` keeps only the first of duplicates, and so hides
 * the one that a proxy may have read; `headersDistinct` throws in some versions of Node if a header is named `__proto__`.
 */
export function headerValues({ rawHeaders }: Pick<IncomingMessage, 'rawHeaders'>, name: string): string[] {
  return rawHeaders.filter((_, at) => at % 2 === 1 && rawHeaders[at - 1]!.toLowerCase() === name);
}

/** How many headers Node keeps of a request, unless the server's `maxHeadersCount` is set; 0 means all. */
const KEPT_HEADERS = 1_000;

/** Whether Node may have dropped headers of this request: it keeps the first ones and says nothing about the rest. */
export function mayLackHeaders({
  rawHeaders,
  socket,
}: Pick<IncomingMessage, 'rawHeaders' | 'socket'>): boolean {
  const { server } = socket as typeof socket & { readonly server?: Partial<Server> | null };
  const kept = server?.maxHeadersCount ?? KEPT_HEADERS;
  return kept > 0 && rawHeaders.length >= 2 * kept;
}
