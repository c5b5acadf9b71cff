import { type BindingChoice, loadBinding } from '../native/binding.js';
import type { Clock } from '../runtime/clock.js';
import { ForkDumper } from './fork-dumper.js';
import type { ChosenDumper } from './heap-dumper.js';
import { InlineDumper } from './inline-dumper.js';

/** The gentlest dumper that `mode` allows and this machine has. Never throws: where there is none the watcher goes on without captures. */
export function chooseDumper(
  mode: 'auto' | 'fork' | 'inline' | 'off',
  clock: Clock,
  load: () => BindingChoice = loadBinding,
): ChosenDumper {
  if (mode === 'off') return { dumper: null, reason: "captures are switched off (capture: 'off')" };
  if (mode === 'inline') return { dumper: new InlineDumper(clock), reason: "asked for by capture: 'inline'" };
  const { binding, reason } = load();
  if (binding !== null) {
    const sampled =
      binding.missingSymbol === null
        ? ''
        : `; without sampling, since this Node.js does not export ${binding.missingSymbol}`;
    return {
      dumper: new ForkDumper(binding, clock),
      reason: `captures are taken in a forked copy of the process${sampled}`,
    };
  }
  return mode === 'fork'
    ? { dumper: null, reason: `${reason}, and capture: 'fork' allows no other way` }
    : { dumper: new InlineDumper(clock), reason: `captures stop the service, within its budget: ${reason}` };
}
