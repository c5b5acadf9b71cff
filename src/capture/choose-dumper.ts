import type { Clock } from '../runtime/clock.js';
import type { ChosenDumper } from './heap-dumper.js';
import { InlineDumper } from './inline-dumper.js';

/** The gentlest dumper that `mode` allows and this build has. Never throws: where there is none the watcher goes on without captures. */
export function chooseDumper(mode: 'auto' | 'fork' | 'inline' | 'off', clock: Clock): ChosenDumper {
  switch (mode) {
    case 'off':
      return { dumper: null, reason: "captures are switched off (capture: 'off')" };
    case 'fork':
      return {
        dumper: null,
        reason:
          "this build has no forked dumper, and capture: 'fork' allows no other; 'auto' captures in process",
      };
    case 'inline':
      return { dumper: new InlineDumper(clock), reason: "asked for by capture: 'inline'" };
    case 'auto':
      return { dumper: new InlineDumper(clock), reason: 'this build has no forked dumper' };
  }
}
