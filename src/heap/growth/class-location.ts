import { publicAddress } from '../../runtime/script-name.js';
import { scriptAddresses } from '../graph/script-addresses.js';
import type { HeapSnapshot } from '../snapshot/heap-snapshot.js';

/** Where a function, or the constructor of an object, is defined. */
export interface ClassLocation {
  /** Address of the script as V8 reports it, without a query; '' when unknown (code made from text). */
  readonly script: string;
  /** From 1, as in stack traces. */
  readonly line: number;
  /** From 1. */
  readonly column: number;
}

/**
 * LocationIndex → place; null means unknown. V8's script numbers hold within one process only, so they are replaced by
 * addresses: a script loaded twice from one address, maybe with a new query each time, is one. `examples`: nodes, among
 * them a function of every script; functions lead to their address.
 */
export function classLocations(
  snapshot: HeapSnapshot,
  examples: Uint32Array,
): readonly (ClassLocation | null)[] {
  const { scriptId, line, column } = snapshot.locations;
  const addresses = scriptAddresses(snapshot, examples);
  return Array.from(scriptId, (id, place) =>
    place === 0
      ? null
      : {
          script: publicAddress(addresses.get(id) ?? ''),
          line: line[place]! + 1,
          column: column[place]! + 1,
        },
  );
}
