import type { Truth } from './truth.js';

export const HEALTHY_PROGRAMS: readonly Truth[] = [
  healthy('lru-cache', 'a cache that fills to its `max`'),
  healthy('bounded-map', 'a Map with a constant for its bound'),
  healthy('session-expiry', 'sessions that expire'),
  healthy('expiring-map', 'a Map with times to live and a sweep'),
  healthy('connection-pool', 'a pool that grows with its traffic'),
  healthy('lazy-modules', 'modules that load when they are needed'),
  healthy('traffic-ramp', 'traffic that rises and falls'),
  healthy('backlog', 'a backlog that is worked off when traffic falls'),
  healthy('batch-job', 'a batch that is gathered and written'),
  healthy('ring-buffer', 'a ring buffer on its first round'),
  healthy('bounded-memo', 'memoizee with a bound'),
  healthy('template-cache', 'a cache over a limited number of keys'),
  healthy('weak-caches', 'WeakMap, WeakRef and FinalizationRegistry'),
  healthy('large-garbage', 'large objects and buffers that live briefly'),
  healthy('fill-and-clear', 'tables that stay large when they are cleared'),
  healthy('keep-alive', 'connections that are kept alive'),
  healthy('cleared-timers', 'timers and listeners that are given back'),
  healthy('log-buffer', 'a log buffer that is written and rotated'),
  healthy('rate-limiter', 'a rate limiter with windows'),
  healthy('everything', 'an Express service with cache, sessions, timers and sockets'),
  healthy('literal-bound', 'an array with a bound that only its code knows'),
  healthy('chat-rooms', 'many rooms that keep their latest messages'),
  healthy('article-cache', 'a cache that fills for two minutes, with a bound that only its code knows'),
  healthy('presence', 'connections that climb to a level and are then replaced'),
  healthy('grouped-writes', 'groups that are evicted when they are idle'),
];

function healthy(name: string, standsFor: string): Truth {
  return { name, kinds: [], leaks: false, culprit: [], standsFor, patience: 1 };
}
