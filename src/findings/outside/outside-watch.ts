import type { OutsideRules } from '../../pace/pace.js';
import type { HeapSample } from '../../sampling/heap-sample.js';
import { judgeGrowth, type OutsideGrowth } from '../../trend/outside-growth.js';
import { OutsideWindow } from '../../trend/outside-window.js';
import { judgeOutside, type OutsideFinding } from './outside-finding.js';

/** Slots without growth after which a finding is no longer delivered: one that pauses has not stopped. */
const HELD_SLOTS = 3;

interface Held {
  readonly finding: OutsideFinding;
  /** Slots without growth. */
  readonly slots: number;
}

/** Follows growth outside the graph, from sample to finding. A few KB per series, at most 20 series; judged once per slot. */
export class OutsideWatch {
  readonly #rules: OutsideRules;
  readonly #window: OutsideWindow;
  #held = new Map<string, Held>();
  #rising: readonly OutsideGrowth[] = [];
  #counted: HeapSample | null = null;

  constructor(rules: OutsideRules) {
    this.#rules = rules;
    this.#window = new OutsideWindow(rules);
  }

  /** Takes a sample in. The present findings if there was something new to judge, even if there are none; otherwise null. */
  observe(sample: HeapSample): readonly OutsideFinding[] | null {
    // Samples at GCs count neither handles nor descriptors: those of the latest tick are still true.
    if (sample.handles !== null) this.#counted = sample;
    const { handles, descriptors, newFilesPart = null } = this.#counted ?? sample;
    return this.#window.add(sample) ? this.#judge({ ...sample, handles, descriptors, newFilesPart }) : null;
  }

  /** Rising series, whether already a finding or too early for one: a reason to capture. */
  get rising(): readonly OutsideGrowth[] {
    return this.#rising;
  }

  #judge(sample: HeapSample): readonly OutsideFinding[] {
    const held = new Map<string, Held>();
    const rising: OutsideGrowth[] = [];
    for (const series of this.#window.series()) {
      const key = `${series.kind} ${series.type}`;
      const before = this.#held.get(key);
      const { gain, ratio } = this.#rules.amounts[series.kind];
      // A series that has grown for longer than its kept past no longer doubles within that past.
      const amount = { gain, ratio: before === undefined ? ratio : 1 };
      const growth = judgeGrowth(series, amount, this.#rules.gateRises);
      if (growth !== null) rising.push(growth);
      const gains = this.#window.gainsSince(growth?.points[0]?.ms ?? sample.monotonicMs);
      const finding = growth && judgeOutside({ growth, sample, gains, rules: this.#rules });
      if (finding !== null) held.set(key, { finding, slots: 0 });
      else if (before !== undefined && before.slots < HELD_SLOTS)
        held.set(key, { finding: before.finding, slots: before.slots + 1 });
    }
    this.#held = held;
    this.#rising = rising;
    return [...held.values()].map(({ finding }) => finding);
  }
}
