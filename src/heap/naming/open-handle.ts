import type { SeriesNode } from '../growth/growth-series.js';
import type { RetainerStep } from './retainer-step.js';

/** Classes of what is open in a process, and how a person calls it. */
const SOCKETS =
  /^(Socket|TLSSocket|Http2Session|ServerHttp2Session|ClientHttp2Session|Http2Stream|ServerHttp2Stream|ClientHttp2Stream|ClientRequest|IncomingMessage|ServerResponse|WebSocket|TCP|TLSWrap|Pipe|UDP|PipeWrap|HTTPParser|HTTPClientRequest|HTTPServerRequest)$/;
const WATCHERS = /^(FSWatcher|StatWatcher|FSEvent|FSEventWrap)$/;
const NATIVE = /^Node \/ (\w+)$/;

/** Node's native object → what is open, in the plural. */
const OPEN: Readonly<Record<string, string>> = {
  TCPSocketWrap: 'open TCP sockets',
  TLSWrap: 'open TLS sockets',
  PipeWrap: 'open pipes',
  UDPWrap: 'open UDP sockets',
  HTTP2Session: 'open HTTP/2 sessions',
  Http2Session: 'open HTTP/2 sessions',
  FSEventWrap: 'open file watchers',
  StatWatcher: 'open file watchers',
  ProcessWrap: 'running child processes',
  Worker: 'running worker threads',
  MessagePort: 'open message ports',
  FileHandle: 'open files',
  DirHandle: 'open directories',
  ChannelWrap: 'open DNS resolvers',
};

export function isSocket(className: string): boolean {
  return SOCKETS.test(className) || /^open .*(sockets|pipes|sessions)$/.test(openHandle(className) ?? '');
}

export function isWatcher(className: string): boolean {
  return WATCHERS.test(className) || openHandle(className) === 'open file watchers';
}

export function isWorker(className: string): boolean {
  return className === 'Worker' || openHandle(className) === OPEN['Worker'];
}

export function isProcess(className: string): boolean {
  return className === 'ChildProcess' || openHandle(className) === OPEN['ProcessWrap'];
}

/**
 * Lists by which Node finds its own native objects again when it ends: what is open and held by nothing else is found
 * there, or, in older versions, among the roots.
 */
export const HANDLE_LISTS: ReadonlySet<string> = new Set(['cleanup_queue', 'base_object_list']);

/** Whether a path leads to what is open by nothing but Node's own lists. */
export function isHandlePath(path: readonly RetainerStep[]): boolean {
  const member = path.at(-1);
  if (member === undefined || openHandle(member.node) === null) return false;
  return path.length === 1 || path.some(({ edge }) => HANDLE_LISTS.has(edge));
}

/** Whether this row of a series is such a list. */
export function isHandleList(nodes: readonly SeriesNode[], row: number): boolean {
  for (let at = row; at > 0; at = nodes[at]!.parent) if (HANDLE_LISTS.has(nodes[at]!.edge)) return true;
  return row === 0;
}

/** What the native objects of a class stand for; null for those that stand for nothing that is opened. */
export function openHandle(className: string): string | null {
  return OPEN[NATIVE.exec(className)?.[1] ?? ''] ?? null;
}
