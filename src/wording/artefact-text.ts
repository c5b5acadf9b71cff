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

/** Why growth is not the program's doing. */
export const artefactText = (artefact: Artefact): string => TEXTS[artefact];
