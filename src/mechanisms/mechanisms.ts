/**
 * One row per mechanism, a named way of holding memory: its words, how it is recognised in a heap and among the open
 * resources of a process, and its weight. CONTRIBUTING.md shows how to add one.
 *
 * Rows are tried in their order; see `mechanismOf` in heap/naming/mechanism.ts. Nothing here loads the heap engine.
 */
import { say } from '../runtime/say.js';
import type { MechanismRow } from './mechanism-row.js';
import { isModuleCache } from './module-cache.js';
import {
  ASYNC_STORE,
  LISTENERS,
  NUMBERS,
  type PathStep,
  REACTIONS,
  TIMERS_LIST,
  WEAK_VALUE,
} from './path-names.js';

/** A linked list: members of one class that each hold the next by a property or variable. */
const isRun = (path: readonly PathStep[]): boolean =>
  /^(property|variable)$/.test(path.at(-1)?.edgeType ?? '') && path.at(-1)?.node === path.at(-2)?.node;

/** Classes of bytes outside of objects, and of views of them. */
export const BUFFERS =
  /^(Buffer|FastBuffer|(Shared)?ArrayBuffer|DataView|(Big)?(Ui|I)nt(8|16|32|64)(Clamped)?Array|Float(16|32|64)Array)$/;

/** How V8 joins the two halves of a concatenated string. */
const HALVES = new Set(['first', 'second']);
export const isHalf = ({ edge, edgeType }: PathStep): boolean => edgeType === 'internal' && HALVES.has(edge);

const ALWAYS = { confirmsAlone: 'always', because: '' } as const;
const CLIENT = {
  confirmsAlone: 'client',
  because: say`this process is a server, so its clients decide how many connections there are`,
} as const;
const CONNECTION = { ...CLIENT, hasDescriptor: true, isConnection: true } as const;

/** Keeps the names as a type, and widens the rest to a row. */
const tableOf = <Name extends string>(rows: Record<Name, MechanismRow>): Readonly<typeof rows> => rows;

export const MECHANISMS = tableOf({
  'weak references': {
    lead: say`Weak references that are never removed`,
    members: say`references`,
    recognises: (_path, { weak }) => weak,
    goneAfterFullGcs: true,
  },
  timers: {
    kind: 'handles',
    lead: say`Timers that are never cleared`,
    members: say`timers`,
    recognises: (path) => path.at(-2)?.node === TIMERS_LIST,
    resources: {
      Timeout: {
        words: say`open timers`,
        confirmsAlone: 'never',
        because: say`healthy programs have many one-shot timers pending too, such as one per entry that expires`,
      },
    },
    heldByNode: true,
  },
  'promise reactions': {
    lead: say`Promises that never settle`,
    members: say`reactions`,
    recognises: (path) => path.at(-1)?.edge === REACTIONS,
  },
  'event listeners': {
    kind: 'handles',
    lead: say`Listeners that are never removed`,
    members: say`listeners`,
    recognises: (path) => path.slice(-4).some(({ edge }) => LISTENERS.has(edge)),
  },
  'diagnostics channel subscribers': {
    kind: 'handles',
    lead: say`Subscribers of a diagnostics channel that never unsubscribe`,
    members: say`subscribers`,
    recognises: (path) => path.at(-3)?.node === 'Channel' && path.at(-2)?.edge === '_subscribers',
    ofNode: true,
  },
  'module cache': {
    lead: say`Modules that are loaded again and again`,
    members: say`modules`,
    recognises: isModuleCache,
  },
  'async store': {
    lead: say`Entries kept in an AsyncLocalStorage store`,
    members: say`entries`,
    recognises: (path) => path.some(({ edge }) => edge === ASYNC_STORE),
  },
  'weak map': {
    lead: say`Values of a WeakMap whose keys stay alive`,
    members: say`entries`,
    recognises: (path) => path.some(({ edge }) => edge === WEAK_VALUE),
  },
  'concatenated string': {
    lead: say`A string that only gets longer`,
    members: say`parts`,
    recognises: (path, { grownWhole }) =>
      path.at(-1)?.node === 'string' && (grownWhole || isHalf(path.at(-1)!)),
  },
  'sliced strings': {
    lead: say`Short strings that keep long ones alive`,
    members: say`strings`,
    recognises: (_path, { sliced }) => sliced,
  },
  numbers: {
    lead: say`Numbers that pile up`,
    members: say`numbers`,
    recognises: (path) => path.at(-1)?.node === NUMBERS,
  },
  buffers: {
    kind: 'external',
    lead: say`Buffers that are never released`,
    members: say`buffers`,
    recognises: (path) => BUFFERS.test(path.at(-1)?.node ?? ''),
  },
  contexts: {
    kind: 'contexts',
    lead: say`Contexts that are never released`,
    members: say`contexts`,
    recognises: (_path, { withContexts }) => withContexts,
  },
  sockets: {
    kind: 'handles',
    lead: say`Sockets that are never closed`,
    members: say`sockets`,
    classes:
      /^(Socket|TLSSocket|Http2Session|ServerHttp2Session|ClientHttp2Session|Http2Stream|ServerHttp2Stream|ClientHttp2Stream|ClientRequest|IncomingMessage|ServerResponse|WebSocket|TCP|TLSWrap|Pipe|UDP|PipeWrap|HTTPParser|HTTPClientRequest|HTTPServerRequest)$/,
    natives: {
      TCPSocketWrap: say`open TCP sockets`,
      TLSWrap: say`open TLS sockets`,
      PipeWrap: say`open pipes`,
      UDPWrap: say`open UDP sockets`,
      HTTP2Session: say`open HTTP/2 sessions`,
      Http2Session: say`open HTTP/2 sessions`,
    },
    resources: {
      TCPSocketWrap: { words: say`open sockets`, ...CONNECTION },
      TLSWrap: { words: say`open TLS sockets`, ...CLIENT },
      PipeWrap: { words: say`open pipes and Unix sockets`, ...CONNECTION },
      UDPWrap: { words: say`open UDP sockets`, ...ALWAYS, hasDescriptor: true },
      TCPServerWrap: { words: say`listening servers`, ...ALWAYS, hasDescriptor: true },
    },
    // While the number of connections climbs evenly to a level, it looks like sockets that are never closed.
    patience: 3,
    patienceBecause: say`the number of connections also depends on the other side`,
    inFlight: true,
  },
  watchers: {
    kind: 'handles',
    lead: say`File watchers that are never closed`,
    members: say`watchers`,
    classes: /^(FSWatcher|StatWatcher|FSEvent|FSEventWrap)$/,
    natives: { FSEventWrap: say`open file watchers`, StatWatcher: say`open file watchers` },
    resources: {
      FSEventWrap: { words: say`file watchers (fs.watch)`, ...ALWAYS },
      StatWatcher: { words: say`file watchers (fs.watchFile)`, ...ALWAYS },
    },
  },
  'worker threads': {
    kind: 'handles',
    lead: say`Worker threads that never end`,
    members: say`threads`,
    classes: /^Worker$/,
    ofNode: true,
    natives: { Worker: say`running worker threads` },
    heavy: true,
    comesWith: ['MessagePort', 'FileDescriptor'],
  },
  'child processes': {
    kind: 'handles',
    lead: say`Child processes that never end`,
    members: say`processes`,
    classes: /^ChildProcess$/,
    ofNode: true,
    natives: { ProcessWrap: say`running child processes` },
    heavy: true,
    comesWith: ['ProcessWrap', 'PipeWrap', 'FileDescriptor'],
  },
  'closure chain': {
    lead: say`Functions wrapped around each other`,
    members: say`functions`,
    recognises: (path) => isRun(path) && path.at(-1)?.nodeType === 'closure',
  },
  'linked list': {
    lead: say`A linked list that only gets longer`,
    members: say`elements`,
    recognises: isRun,
  },
});

/** The way in which leaking members are held, if it has a name. */
export type Mechanism = keyof typeof MECHANISMS;

export const MECHANISM_NAMES = Object.keys(MECHANISMS) as readonly Mechanism[];
