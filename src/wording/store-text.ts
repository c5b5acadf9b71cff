import type { StoreProblem } from '../findings/finding-store.js';
import { say } from '../runtime/say.js';

/** Why the stored findings cannot be used; the file is the subject. */
export function storeProblemText(problem: StoreProblem): string {
  switch (problem.is) {
    case 'too-long':
      return say`it is too long`;
    case 'not-json':
      return say`it is not JSON`;
    case 'other-version':
      return say`its format version is ${problem.version}, not ${problem.expected}`;
    case 'malformed':
      return say`its ${problem.field} is malformed`;
  }
}
