import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { chooseDumper } from '../../src/capture/choose-dumper.js';
import type { BindingChoice } from '../../src/native/binding.js';
import { ManualClock } from '../support/manual-clock.js';
import { ScriptedForks } from './scripted-forks.js';

const clock = new ManualClock();
const here = (missingSymbol: string | null = null): BindingChoice => ({
  binding: new ScriptedForks([], missingSymbol),
  reason: null,
});
const absent: BindingChoice = { binding: null, reason: 'the addon was not built (no C++ compiler)' };

/** Name of the dumper that is chosen, its levels, and why. */
function chosen(mode: Parameters<typeof chooseDumper>[0], choice: BindingChoice) {
  const { dumper, reason } = chooseDumper(mode, clock, () => choice);
  return { name: dumper?.name ?? null, levels: dumper?.levels.length ?? 0, reason };
}

describe('The dumper', () => {
  it('is the forked one wherever there is an addon', () => {
    const reason = 'captures are taken in a forked copy of the process';
    assert.deepEqual(chosen('auto', here()), { name: 'fork', levels: 4, reason });
    assert.deepEqual(chosen('fork', here()), { name: 'fork', levels: 4, reason });
  });

  it('says so where this Node allows no sampling', () => {
    const { name, levels, reason } = chosen('auto', here('v8dbg_type_JSMap__JS_MAP_TYPE'));
    assert.deepEqual([name, levels], ['fork', 2]);
    assert.match(
      reason,
      /without sampling, since this Node\.js does not export v8dbg_type_JSMap__JS_MAP_TYPE$/,
    );
  });

  it('falls back to the process itself without an addon, and says why', () => {
    assert.deepEqual(chosen('auto', absent), {
      name: 'inline',
      levels: 1,
      reason: 'captures stop the service, within pauseBudgetMs: the addon was not built (no C++ compiler)',
    });
  });

  it('is none rather than another one where the forked one was asked for', () => {
    const { name, reason } = chosen('fork', absent);
    assert.equal(name, null);
    assert.match(reason, /^the addon was not built .*, and capture: 'fork' allows no other way$/);
  });

  it('does not even load the addon where it is not to be used', () => {
    const load = (): BindingChoice => assert.fail('the addon was loaded');
    assert.equal(chooseDumper('inline', clock, load).dumper?.name, 'inline');
    assert.equal(chooseDumper('off', clock, load).dumper, null);
  });
});
