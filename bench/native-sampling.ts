import { loadBinding } from '../src/native/binding.js';
import type { NativeSampling } from '../src/sampling/sampling-slot.js';

/** The addon's functions for sampling; null if it has none. */
export function nativeSampling(): NativeSampling | null {
  const binding: object | null = loadBinding().binding;
  return binding !== null && 'startHeapSampling' in binding ? (binding as NativeSampling) : null;
}
