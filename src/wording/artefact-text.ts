import type { Artefact } from '../heap/naming/artefact.js';
import { say } from '../runtime/say.js';

const TEXTS: Readonly<Record<Artefact, string>> = {
  'v8-memory': say`memory of V8 itself: code, feedback, hidden classes`,
  tool: say`held by an attached debugger or profiler`,
  leakwatch: say`held by leakwatch itself`,
  'shared-strings': say`V8's table of shared strings`,
  'calls-in-progress': say`held by calls in progress`,
  'handle-list': say`Node's own list of native objects`,
};

/** The origin of growth that the program does not cause. */
export const artefactText = (artefact: Artefact): string => TEXTS[artefact];
