import type { IncomingMessage } from 'node:http';
import type { Principal } from '../access/principal.js';
import type { OpsResponse } from './response.js';
import type { RouteName } from './routes.js';
import type { InputOf } from './schema/inputs.js';

/** An authenticated request to one route, its input checked. */
export interface OpsCall<N extends RouteName> {
  readonly request: IncomingMessage;
  readonly principal: Principal;
  /** The same as in the header X-Request-Id and in the audit log. */
  readonly requestId: string;
  /** Of the path, each a string. */
  readonly parameters: Readonly<Record<string, string>>;
  readonly query: InputOf<N>['query'];
  readonly body: InputOf<N>['body'];
}

/** Responds to one call; an exception becomes a 500. */
export type RouteHandler<N extends RouteName> = (call: OpsCall<N>) => OpsResponse | Promise<OpsResponse>;

/** The handler of each route; null for a route that does not exist here. */
export type RouteHandlers = { readonly [N in RouteName]: RouteHandler<N> | null };
