import type { Mechanism } from '../heap/suspects/suspect.js';
import type { FindingKind } from './finding.js';

const KINDS: Readonly<Partial<Record<Mechanism, FindingKind>>> = {
  buffers: 'external',
  timers: 'handles',
  'event listeners': 'handles',
  sockets: 'handles',
  watchers: 'handles',
  contexts: 'contexts',
};

export function kindOf(mechanism: Mechanism | null | undefined): FindingKind {
  return (mechanism && KINDS[mechanism]) ?? 'heap';
}

/** Each of them costs more than its bytes say: many are enough, however small. */
export function countsByNumber(mechanism: Mechanism | null | undefined): boolean {
  return ['handles', 'contexts'].includes(kindOf(mechanism));
}
