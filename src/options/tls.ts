import { readFileSync } from 'node:fs';
import type { CertificateClient } from '../access/client-certificate.js';
import { isScope, SCOPES } from '../access/scope.js';
import { LeakwatchError } from '../errors.js';
import { flag, invalid, refuseUnknown, text } from './checks.js';
import type { TlsMaterial, TlsOptions, TlsSettings } from './credential-options.js';
import { entryNames } from './environment.js';
import { readPrivateFile } from './private-file.js';

const MAX_FILE_BYTES = 256 * 1024;
const MAX_CLIENTS = 64;
const PEM = /^\s*-----BEGIN /;

/** Checks the option, and that the key belongs to the certificate. */
export function tlsOf(given: TlsOptions | undefined): TlsSettings | null {
  if (given === undefined) return null;
  if (typeof given !== 'object' || given === null || Array.isArray(given))
    throw invalid("tls takes an object such as { key: '/path/key.pem', cert: '/path/cert.pem' }");
  refuseUnknown(Object.keys(given), entryNames('tls'), 'tls entry');
  const key = sourceOf(given.key, 'tls.key', true);
  const cert = sourceOf(given.cert, 'tls.cert', false);
  if (key === null || cert === null)
    throw invalid('tls needs both key and cert: paths of PEM files, or PEM text');
  const ca = sourceOf(given.ca, 'tls.ca', false);
  const clients = clientsOf(given.clients);
  const requestCert = flag(given.requestCert, 'tls.requestCert') || clients.length > 0;
  if (given.requestCert === false && clients.length > 0)
    throw new LeakwatchError(
      'LEAKWATCH_ERR_OPTION_CONFLICT',
      'tls.requestCert is false, but tls.clients are known by their certificates. Leave out one of the two.',
    );
  // Without it, Node would trust every public authority, which signs certificates for anyone.
  if (requestCert && ca === null)
    throw invalid(
      'tls.requestCert and tls.clients need tls.ca: the authority that signs the certificates of clients',
    );
  const read = (): TlsMaterial =>
    checked({
      key: key.read(),
      cert: cert.read(),
      ...(ca === null ? {} : { ca: ca.read() }),
      minVersion: 'TLSv1.2',
    });
  read();
  return {
    requestCert,
    clients,
    files: [key, cert, ca].flatMap((source) => source?.path ?? []),
    read,
  };
}

interface Source {
  readonly path: string | null;
  readonly read: () => Buffer;
}

/** As bytes: a heap snapshot contains strings, but not the memory of buffers. */
function sourceOf(given: string | undefined, name: string, isSecret: boolean): Source | null {
  const value = text(given, name);
  if (value === undefined) return null;
  if (PEM.test(value)) {
    const bytes = Buffer.from(value);
    return { path: null, read: () => bytes };
  }
  if (isSecret)
    return {
      path: value,
      read: () => readPrivateFile(value, MAX_FILE_BYTES, (what) => invalid(`${name} ${what}`)),
    };
  return {
    path: value,
    read: () => {
      try {
        return readFileSync(value);
      } catch (error) {
        throw invalid(`${name} cannot be read (${(error as NodeJS.ErrnoException).code}). Check its path`);
      }
    },
  };
}

function checked(material: TlsMaterial): TlsMaterial {
  try {
    // Loaded only here: it takes 1.4 MB.
    process.getBuiltinModule('node:tls').createSecureContext(material);
    return material;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new LeakwatchError(
      'LEAKWATCH_ERR_INVALID_OPTION',
      `tls cannot be used (${code ?? 'unknown reason'}): key, cert and ca must be PEM, and the key must belong to the certificate.`,
    );
  }
}

function clientsOf(given: TlsOptions['clients']): readonly CertificateClient[] {
  if (given === undefined) return [];
  if (!Array.isArray(given) || given.length > MAX_CLIENTS || !given.every(isClient)) {
    throw invalid(
      `tls.clients takes up to ${MAX_CLIENTS} clients, such as { subject: 'O=Example,CN=ci', scopes: ['read'] } or { san: 'DNS:ci.internal', scopes: ['read'] }, with scopes of ${SCOPES.join(', ')}`,
    );
  }
  return structuredClone(given);
}

function isClient(given: unknown): given is CertificateClient {
  if (typeof given !== 'object' || given === null) return false;
  const { subject, san, scopes, ...others } = given as Partial<Record<string, unknown>>;
  const names = [subject, san].filter((name) => name !== undefined);
  if (Object.keys(others).length > 0 || names.length !== 1) return false;
  return typeof names[0] === 'string' && names[0] !== '' && Array.isArray(scopes) && scopes.every(isScope);
}
