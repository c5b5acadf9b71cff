import type { Truth } from './truth.js';

export const LEAKING_PROGRAMS: readonly Truth[] = [
  leak('session-store', [/MemoryStore/, /sessions/], 'sessions of express-session without an end'),
  leak('order-history', [/byCustomer/], 'a Map in a private field of a class'),
  leak('static-array', [/AuditLog/, /entries/], 'an array in a static field'),
  leak('dictionary', [/viewsByUrl/], 'a plain object as a dictionary'),
  leak('emitter-listeners', [/prices|EventEmitter/, /change|listener/i], 'listeners on one emitter', [
    'heap',
    'handles',
  ]),
  leak('connection-intervals', [/interval|timer/i], 'an interval for every connection', ['heap', 'handles']),
  leak('timeouts', [/timer|timeout/i], 'timeouts that are never cleared', ['heap', 'handles']),
  leak('promise-race', [/promise/i], 'Promise.race against a promise that lives long'),
  leak('abort-signal', [/abort/i, /listener|signal/i], 'listeners on an AbortSignal that lives long', [
    'heap',
    'handles',
  ]),
  leak('async-store', [/spans/], 'the store of an AsyncLocalStorage'),
  leak('async-hooks', [/\bresources\b/], 'a Map kept by an async hook'),
  leak('closure-chain', [/previous|current|reconnect/], 'closures that share a scope'),
  leak('sliced-strings', [/seenIds/], 'slices that hold their parent'),
  leak('memoized-lookup', [/memoizee|lookUp/i], 'memoizee without a bound'),
  leak(
    'middleware-per-request',
    [/middleware|router|stack|route/i],
    'middleware of express installed by a handler',
  ),
  leak('axios-interceptors', [/interceptor/i], 'interceptors of axios added for every call'),
  leak('validator-per-request', [/ajv/i], 'schemas compiled by ajv for every request'),
  leak('template-partials', [/partials|handlebars/i], 'partials of Handlebars under ever new names'),
  leak('metric-labels', [/prom-client|Histogram|hashMap/i], 'label values of prom-client without a bound'),
  leak(
    'require-cache',
    [/module|require|children/i],
    'modules loaded again and again by clearing the cache of require',
  ),
  leak('vm-contexts', [/sandboxes/], 'vm contexts that are kept', ['heap', 'contexts']),
  leak('upload-buffers', [/waiting|UploadQueue/], 'Buffers that are kept', ['external', 'heap']),
  leak('open-sockets', [/socket|tcp/i], 'sockets that are never closed', ['heap', 'handles'], 3),
  leak('message-ports', [/MessagePort|MessageChannel|message port/i], 'message ports that are never closed', [
    'heap',
    'handles',
  ]),
  leak('event-target', [/EventTarget|bus/i, /resize|listener/i], 'listeners on an EventTarget', [
    'heap',
    'handles',
  ]),
  leak('channel-subscribers', [/Channel/, /subscri/i], 'subscribers of a diagnostics channel', ['handles']),
  leak('linked-list', [/editor|Edit\b|latest|previous/], 'a linked list without an end'),
  leak('log-text', [/\blog\b/], 'a string that is added to'),
  leak('winston-transports', [/winston|transport|logger/i], 'transports of winston added for every request'),
  leak('rx-subscriptions', [/settings|observers|BehaviorSubject|rxjs|subscri/i], 'subscriptions of rxjs'),
  leak('data-loader', [/DataLoader|cacheMap/i], 'a DataLoader for the whole process'),
  leak('node-cache', [/NodeCache|node-cache|results/i], 'node-cache without a time to live'),
  leak('translations', [/i18next|ResourceStore/i], 'resource bundles of i18next'),
  leak('entity-registry', [/managed/], 'a registry of entities as object mappers have it'),
  leak('lost-replies', [/pending/], 'promises that are never settled'),
  leak('child-loggers', [/Logger|children/], 'loggers that are kept by the one they were made of'),
  leak('soft-cache', [/SoftCache|refs/], 'a cache of weak references whose keys stay'),
  leak('file-watchers', [/watch/i], 'file watchers that are never closed', ['heap', 'handles']),
  leak('open-files', [/descriptor|open file/i], 'descriptors that are never closed', ['handles']),
  leak('workers', [/worker/i], 'worker threads that never end', ['native', 'handles', 'heap']),
  leak('performance-marks', [/mark|performance|timeline/i], 'marks of the performance timeline'),
  leak('object-urls', [/native|external|outside|blob/i], 'addresses of blobs, never revoked', [
    'native',
    'external',
  ]),
];

function leak(
  name: string,
  culprit: readonly RegExp[],
  standsFor: string,
  kinds: readonly string[] = ['heap'],
  patience = 1,
): Truth {
  return { name, kinds, leaks: true, culprit, standsFor, patience };
}
