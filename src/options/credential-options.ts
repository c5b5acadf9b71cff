import type { CertificateClient } from '../access/client-certificate.js';
import type { KeySet } from '../access/jwt-settings.js';

/** TLS of the own listener. Each of key, cert and ca is the path of a PEM file, which is read again when it changes, or PEM text. */
export interface TlsOptions {
  /** Its file must be readable by its owner only. */
  readonly key: string;
  /** With intermediate certificates, if any, after it. */
  readonly cert: string;
  /** Authority that signs the certificates of clients. Default: none. */
  readonly ca?: string;
  /** Refuses the connection of a client without a certificate from `ca`. Default: false; true with `clients`. */
  readonly requestCert?: boolean;
  /** Clients that need no token, by the subject or an alternative name of their certificate. Default: none. */
  readonly clients?: readonly CertificateClient[];
}

/** JSON Web Tokens as bearer tokens; needs the package `jose`. */
export interface JwtOptions {
  /** The claim `iss`. */
  readonly issuer: string;
  /** The claim `aud`, or one of its values. */
  readonly audience: string;
  /** The issuer's public keys: a URL with `https:` or `file:`, or the keys. */
  readonly jwks: string | URL | KeySet;
  /** Claim with the scopes, as a list or separated by blanks. Unknown ones are ignored. Default: `scope`. */
  readonly scopesClaim?: string;
}

/** What the own listener presents and trusts. */
export interface TlsMaterial {
  readonly key: Buffer;
  readonly cert: Buffer;
  readonly ca?: Buffer;
  readonly minVersion: 'TLSv1.2';
}

export interface TlsSettings {
  /** Clients without a certificate that `ca` signed do not get a connection. */
  readonly requestCert: boolean;
  readonly clients: readonly CertificateClient[];
  /** Those of key, certificates and authorities that are files. */
  readonly files: readonly string[];
  /** Reads the files again. Throws a `LeakwatchError` if they cannot be used together. */
  readonly read: () => TlsMaterial;
}
