import type { Artefact } from '../heap/naming/artefact.js';
import { say } from '../runtime/say.js';

/** Why growth is not the program's doing. */
export function artefactText(artefact: Artefact): string {
  switch (artefact) {
    case 'v8-memory':
      return say`memory of V8 itself: code, feedback, hidden classes`;
    case 'tool':
      return say`held by an attached debugger or profiler`;
    case 'leakwatch':
      return say`held by leakwatch itself`;
    case 'shared-strings':
      return say`V8's table of the strings it shares`;
    case 'calls-in-progress':
      return say`held by calls in progress`;
    case 'handle-list':
      return say`Node's own list of native objects`;
  }
}
