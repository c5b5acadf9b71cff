import type { IncomingMessage } from 'node:http';
import type { TLSSocket } from 'node:tls';
import { headerValues } from './header-values.js';
import { namedPrincipal, type Principal } from './principal.js';
import type { Scope } from './scope.js';
import { tlsSocketOf } from './tls-socket.js';

/** A client that its certificate names: by its whole subject, or by one of its alternative names. */
export type CertificateClient = { readonly scopes: readonly Scope[] } & (
  | {
      /** In the order of the certificate, such as `O=Example,CN=prometheus`. */
      readonly subject: string;
      readonly san?: never;
    }
  | {
      /** With its type, such as `DNS:prometheus.internal` or `URI:spiffe://example/monitoring`. */
      readonly san: string;
      readonly subject?: never;
    }
);

interface ClientCertificate {
  readonly subject: string;
  readonly alternativeNames: readonly string[];
}

/** A connection keeps its certificate, so it is parsed once. */
const parsed = new WeakMap<TLSSocket, ClientCertificate | null>();
/** Node puts a name that contains a comma or a quote into quotes, so that one name cannot look like two. */
const ALTERNATIVE_NAME = /(?:"(?:[^"\\]|\\.)*"|[^",])+/g;

/** The certificate of the client, if the connection has one that was verified against the server's `ca`. */
export function certificateOf(request: Pick<IncomingMessage, 'socket'>): ClientCertificate | null {
  const socket = tlsSocketOf(request);
  if (socket?.authorized !== true) return null;
  let certificate = parsed.get(socket);
  if (certificate === undefined) {
    certificate = read(socket);
    parsed.set(socket, certificate);
  }
  return certificate;
}

function read(socket: TLSSocket): ClientCertificate | null {
  const certificate = socket.getPeerX509Certificate();
  if (certificate === undefined) return null;
  return {
    // One attribute per line; commas, quotes and line feeds within a value are escaped.
    subject: (certificate.subject ?? '').split('\n').join(','),
    alternativeNames: (certificate.subjectAltName?.match(ALTERNATIVE_NAME) ?? []).map((name) => name.trim()),
  };
}

/** Knows clients by their certificates. A request with an Authorization header is judged by that header alone. */
export class CertificateClients {
  readonly #clients: readonly {
    readonly subject?: string;
    readonly san?: string;
    readonly principal: Principal;
  }[];

  constructor(clients: readonly CertificateClient[]) {
    this.#clients = clients.map(({ scopes, ...name }) => ({
      ...name,
      principal: namedPrincipal('certificate', name.subject ?? name.san, scopes),
    }));
  }

  principalOf(request: IncomingMessage): Principal | null {
    if (headerValues(request, 'authorization').length > 0) return null;
    const certificate = certificateOf(request);
    if (certificate === null) return null;
    const { subject: own, alternativeNames } = certificate;
    return (
      this.#clients.find(({ subject, san }) =>
        subject === undefined ? alternativeNames.includes(san ?? '') : subject === own,
      )?.principal ?? null
    );
  }
}
