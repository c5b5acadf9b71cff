import { type BindingChoice, loadBinding } from '../native/binding.js';
import type { Clock } from '../runtime/clock.js';
import { say } from '../runtime/say.js';
import { ForkDumper } from './fork-dumper.js';
import type { ChosenDumper } from './heap-dumper.js';
import { InlineDumper } from './inline-dumper.js';

/** The dumper with the shortest pauses that `mode` and this machine allow. Never throws: without one, the watcher takes no captures. */
export function chooseDumper(
  mode: 'auto' | 'fork' | 'inline' | 'off',
  clock: Clock,
  load: () => BindingChoice = loadBinding,
): ChosenDumper {
  if (mode === 'off') return { dumper: null, reason: say`captures are switched off (capture: 'off')` };
  if (mode === 'inline') return { dumper: new InlineDumper(clock), reason: say`chosen by capture: 'inline'` };
  const { binding, reason } = load();
  if (binding !== null) {
    const sampled =
      binding.missingSymbol === null
        ? ''
        : say`; without sampling, since this Node.js does not export ${binding.missingSymbol}`;
    return {
      dumper: new ForkDumper(binding, clock),
      reason: say`captures are taken in a forked copy of the process${sampled}`,
    };
  }
  return mode === 'fork'
    ? { dumper: null, reason: say`${reason}, and capture: 'fork' allows no other way` }
    : {
        dumper: new InlineDumper(clock),
        reason: say`captures stop the service, within pauseBudgetMs: ${reason}`,
      };
}
