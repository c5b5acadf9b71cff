import assert from 'node:assert/strict';
import { writeSync } from 'node:fs';
import { getHeapSnapshot, writeHeapSnapshot } from 'node:v8';
import { graphPlan } from '../../../src/capture/graph-plan.js';
import { CHILD_EXIT, type GraphPlan, type GraphWords } from '../../../src/native/binding.js';
import { binding, type FinishedJob, runJob } from '../forked-job.js';

/** Between two files of one child; no snapshot has it at the beginning of a line. */
const BETWEEN = '\n#\n';

/** What was planted stays for V8's generator, so that both see the same. */
const kept: { plan?: GraphPlan } = {};

export interface TwoSnapshots {
  readonly native: Buffer;
  /** V8's own, of the same child. */
  readonly v8: Buffer;
  readonly words: GraphWords;
}

/** In a child: writes the graph natively. */
function writeNatively(output: number, change: (plan: GraphPlan) => GraphPlan = (plan) => plan): void {
  const plan = change(graphPlan(output));
  binding().writeGraph(plan);
}

/** V8's generator begins by letting go of bytecode, and of more: it runs first as well, so that both see what is left then. */
function settle(): void {
  getHeapSnapshot().destroy();
}

/** Both writers in one forked child, one after the other. `prepare` runs in it before the first. */
export async function writeTwice(prepare: () => void = () => {}, handedOnly = false): Promise<TwoSnapshots> {
  assert.equal(await binding().prepareGraph(), null);
  const { end, output, words } = await runJob((descriptor) => {
    prepare();
    settle();
    writeNatively(descriptor, (plan) => {
      kept.plan = plan;
      return Object.assign(plan, { handedOnly });
    });
    writeSync(descriptor, BETWEEN);
    writeHeapSnapshot(`/proc/self/fd/${descriptor}`, { exposeNumericValues: true });
  });
  assert.deepEqual([end.exitCode, words.message, words.graph.problem], [CHILD_EXIT.done, '', 1]);
  const [native, v8, ...more] = output.split(BETWEEN);
  assert.equal(more.length, 0);
  return { native: Buffer.from(native!), v8: Buffer.from(v8!), words: words.graph };
}

/** Natively only; the child may end as it likes. */
export async function writeOnce(change?: (plan: GraphPlan) => GraphPlan): Promise<FinishedJob> {
  assert.equal(await binding().prepareGraph(), null);
  return await runJob((descriptor) => writeNatively(descriptor, change));
}
