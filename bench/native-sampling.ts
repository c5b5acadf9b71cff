import { loadBinding } from '../src/native/binding.js';
import type { NativeSampling } from '../src/sampling/sampling-slot.js';

/** The addon's way to begin sampling; null where it has none. */
export function nativeSampling(): NativeSampling | null {
  const binding: object | null = loadBinding().binding;
  return binding !== null && 'startHeapSampling' in binding ? (binding as NativeSampling) : null;
}
