import type { AnalysisNote, FailureCause } from '../heap/analysis-failure.js';
import { say } from '../runtime/say.js';
import { formatBytes, plural } from '../runtime/units.js';

export function failureText(cause: FailureCause): string {
  switch (cause.kind) {
    case 'cancelled':
      return say`The analysis was cancelled.`;
    case 'memory':
      return say`The analysis needs at least ${formatBytes(cause.neededBytes)} of memory, but only ${formatBytes(cause.limitBytes)} are allowed.`;
    case 'format':
      return cause.message;
    case 'other-node-version':
      return say`It was taken on a different Node version than the previous snapshot, so most of its growth would be Node's own.`;
    case 'other-program':
      return say`It is from a different program than the previous snapshot: they have no script in common.`;
    case 'error':
      return say`The analysis failed: ${cause.name}.`;
  }
}

export function noteText(note: AnalysisNote): string {
  switch (note.kind) {
    case 'series-restarted':
      return say`The previous series could not be read; a new one begins with this snapshot.`;
    case 'paths-dropped':
      return say`The series has no room for ${plural(note.paths, 'small path')}.`;
    case 'objects-beyond-tree':
      return say`The path tree is full and leaves out ${plural(note.objects, 'object')}.`;
  }
}
