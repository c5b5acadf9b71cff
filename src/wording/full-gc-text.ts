import { say } from '../runtime/say.js';
import { formatMilliseconds } from '../runtime/units.js';

/** Why a full GC was not run, for a person. */
export function gcOverBudgetText(pauseMs: number, budgetMs: number): string {
  return say`A full GC would stop the service for about ${formatMilliseconds(pauseMs)}; the limit is ${formatMilliseconds(budgetMs)} (pauseBudgetMs).`;
}

export function gcNotOfferedText(): string {
  return say`This build of V8 offers no function that runs a GC.`;
}

/** Why it has to wait. */
export function gcBusyText(because: 'cool-down' | 'capture'): string {
  return because === 'capture'
    ? say`A capture is running. A GC now would make the kernel copy the whole heap.`
    : say`A full GC ran just now.`;
}
