import { say } from '../runtime/say.js';
import { formatDuration, plural } from '../runtime/units.js';
import type { SkipReason } from '../trigger/capture-decision.js';
import { stateDetail } from './state-text.js';

/** What a scan saw, and what it takes to see more. */
export interface ScanSummary {
  /** Captures that succeeded, and that were asked for. */
  readonly taken: number;
  readonly asked: number;
  /** Graphs in the series after the last one, those of the watcher's own captures included. */
  readonly graphs: number;
  /** Findings that are suspected or confirmed. */
  readonly open: number;
  /** Whether the program has only just started. */
  readonly warmingUp: boolean;
  /** Why it ended early; null if it did not. */
  readonly endedBy: SkipReason | null;
  readonly rules: {
    readonly suspectObservations: number;
    readonly confirmObservations: number;
    readonly confirmMs: number;
  };
}

/** What the result of a scan can say, and what it cannot. */
export function scanText(summary: ScanSummary): string {
  const { taken, asked, graphs, endedBy, warmingUp, rules } = summary;
  const sentences = [result(summary)];
  if (graphs < rules.confirmObservations) {
    const needed = `${rules.confirmObservations} graphs over ${formatDuration(rules.confirmMs / 1000)}`;
    sentences.push(
      say`Growth at ${rules.suspectObservations} graphs in a row makes a leak suspected, growth at ${needed} makes it confirmed; this series has ${plural(graphs, 'graph')}.`,
    );
  }
  if (warmingUp)
    sentences.push(
      say`The program has only just started: its caches still fill, so the watcher begins a new series later.`,
    );
  if (taken < asked)
    sentences.push(
      endedBy === null
        ? say`${taken} of ${plural(asked, 'capture')} succeeded.`
        : say`It ended after ${taken} of ${plural(asked, 'capture')}: ${stateDetail(endedBy)}.`,
    );
  return sentences.join(' ');
}

function result({ graphs, open }: ScanSummary): string {
  if (graphs <= 1)
    return say`This is the first graph of a series, so it shows what the heap holds, not what grows: scan again under load, or scan with several captures.`;
  return open === 0
    ? say`${plural(graphs, 'graph')} were compared, and nothing counts as a leak so far. Growth that is slower, or that needs traffic which is missing now, does not show.`
    : say`${plural(graphs, 'graph')} were compared; findings that are suspected or confirmed: ${open}.`;
}
