export const FINDING_KINDS = ['heap', 'external', 'native', 'handles', 'contexts'] as const;
export type FindingKind = (typeof FINDING_KINDS)[number];

/** How what leaks is held, where that has a name of its own. */
export type Mechanism =
  | 'promise reactions'
  | 'event listeners'
  | 'timers'
  | 'async store'
  | 'module cache'
  | 'weak map'
  | 'sliced strings'
  | 'concatenated string'
  | 'linked list'
  | 'closure chain'
  | 'buffers'
  | 'numbers'
  | 'weak references'
  | 'contexts'
  | 'sockets'
  | 'watchers'
  | 'worker threads'
  | 'child processes';
