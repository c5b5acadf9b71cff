import type { Scope } from './scope.js';

/** Who sends a request, as far as it was proved. */
export interface Principal {
  /** Public: it stands in the audit log and names the bucket of limits. Never a token or a part of one. */
  readonly id: string;
  readonly scopes: ReadonlySet<Scope>;
}

/** Without proof. Only metrics can be opened to anyone. */
export const ANYONE: Principal = { id: 'anyone', scopes: new Set<Scope>(['metrics']) };
