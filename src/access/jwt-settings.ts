/** Public keys as in RFC 7517. */
export interface KeySet {
  readonly keys: readonly { readonly kty: string; readonly [member: string]: unknown }[];
}

export interface JwtSettings {
  readonly issuer: string;
  readonly audience: string;
  readonly scopesClaim: string;
  /** An `https:` URL to fetch the keys from, or the keys. */
  readonly keys: URL | KeySet;
}
