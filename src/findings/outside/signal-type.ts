import type { Mechanism } from '../../mechanisms/mechanisms.js';

/**
 * Whether a series alone may confirm. `never`: the numbers of a healthy program look the same, and only the graph can
 * tell who keeps them. `client`: not where the process serves, since then others decide how many there are.
 */
type Confirms = 'always' | 'client' | 'never';

/** What one type of handle is to a person. */
export interface HandleType {
  readonly words: string;
  readonly mechanism: Mechanism | null;
  readonly confirms: Confirms;
  /** Why the series alone does not confirm; empty where it does. */
  readonly because: string;
}

const TIMERS: HandleType = {
  words: 'open timers',
  mechanism: 'timers',
  confirms: 'never',
  because:
    'timers that run once, such as those of entries that expire, are as many as live within their delay',
};
const SOCKETS: HandleType = {
  words: 'open sockets',
  mechanism: 'sockets',
  confirms: 'client',
  because: 'this process serves, and its clients decide how many connections there are',
};
const WATCHERS: HandleType = {
  words: 'file watchers (fs.watch)',
  mechanism: 'watchers',
  confirms: 'always',
  because: '',
};
const PENDING: HandleType = {
  words: 'pending operations',
  mechanism: null,
  confirms: 'never',
  because: 'they wait for the system, and end when it catches up',
};

/** By the names of `process.getActiveResourcesInfo()`, the same on Node 20 to 26. */
const TYPES: Readonly<Record<string, HandleType>> = {
  Timeout: TIMERS,
  TCPSocketWrap: SOCKETS,
  TLSWrap: { ...SOCKETS, words: 'open TLS sockets' },
  PipeWrap: { ...SOCKETS, words: 'open pipes and Unix sockets' },
  UDPWrap: { ...SOCKETS, words: 'open UDP sockets', confirms: 'always', because: '' },
  TCPServerWrap: { ...SOCKETS, words: 'listening servers', confirms: 'always', because: '' },
  FSEventWrap: WATCHERS,
  StatWatcher: { ...WATCHERS, words: 'file watchers (fs.watchFile)' },
  ProcessWrap: { words: 'child processes', mechanism: null, confirms: 'always', because: '' },
  MessagePort: { words: 'open message ports', mechanism: null, confirms: 'always', because: '' },
  FileDescriptor: { words: 'open file descriptors', mechanism: null, confirms: 'always', because: '' },
};

export function handleTypeOf(type: string): HandleType {
  return TYPES[type] ?? { ...PENDING, words: `${PENDING.words} (${type.slice(0, 40)})` };
}
