import type { AnalysisNote, FailureCause } from '../heap/analysis-failure.js';
import { say } from '../runtime/say.js';
import { formatBytes, plural } from '../runtime/units.js';

export function failureText(cause: FailureCause): string {
  switch (cause.kind) {
    case 'cancelled':
      return say`The analysis was cancelled.`;
    case 'memory':
      return say`The analysis needs at least ${formatBytes(cause.neededBytes)} of memory, and ${formatBytes(cause.limitBytes)} are allowed.`;
    case 'format':
      return cause.message;
    case 'other-node-version':
      return say`It was taken on another version of Node than the snapshot before it, so that most of its growth would be Node's own.`;
    case 'other-program':
      return say`It is of another program than the snapshot before it: they have no script in common.`;
    case 'error':
      return say`The analysis failed: ${cause.name}.`;
  }
}

export function noteText(note: AnalysisNote): string {
  switch (note.kind) {
    case 'series-restarted':
      return say`The previous series could not be read; a new one begins with this snapshot.`;
    case 'paths-dropped':
      return say`The series had no room for ${plural(note.paths, 'small path')}.`;
    case 'objects-beyond-tree':
      return say`${plural(note.objects, 'object')} lie beyond the bounds of the path tree.`;
  }
}
