/** What a token may do: see findings, read metrics, act on the watcher, take heap dumps, take profiles, evaluate. */
export const SCOPES = ['read', 'metrics', 'act', 'dump', 'profile', 'eval'] as const;
export type Scope = (typeof SCOPES)[number];

/** Scopes of a token that is given without any: it sees what the watcher found and changes nothing. */
export const DEFAULT_SCOPES: readonly Scope[] = ['read', 'metrics'];
