import { createServer, type Server, type ServerOptions } from 'node:https';
import type { TlsSettings } from '../options/credential-options.js';
import { type Clock, systemClock } from '../runtime/clock.js';
import { FileWatch } from '../runtime/file-watch.js';
import type { Logger } from '../runtime/logger.js';

/** A client that takes longer for its handshake is cut off. */
const HANDSHAKE_MS = 5_000;

/**
 * A server whose new connections get the new certificate when its files change, such as at a renewal. Loaded only with
 * TLS, which takes 1.4 MB.
 */
export function createTlsServer(
  { requestCert, files, read }: TlsSettings,
  options: ServerOptions,
  logger: Logger,
  clock: Clock = systemClock,
): { readonly server: Server; readonly certificates: FileWatch } {
  const server = createServer({
    ...options,
    ...read(),
    requestCert,
    rejectUnauthorized: requestCert,
    handshakeTimeout: HANDSHAKE_MS,
  });
  let failure = '';
  const certificates = new FileWatch(
    files,
    () => {
      try {
        server.setSecureContext(read());
        failure = '';
        return true;
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error);
        if (reason !== failure)
          logger.warn(`the listener keeps its certificate, because the new one cannot be used: ${reason}`);
        failure = reason;
        return false;
      }
    },
    clock,
  );
  return { server, certificates };
}
