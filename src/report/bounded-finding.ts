import type { Finding } from '../findings/finding.js';
import type { RetainerStep } from '../heap/suspects/suspect.js';

/** Names and lines that come from the watched heap are cut at this many characters and end in `…` then. */
const MAX_TEXT = 500;
/** Entries of any list within one finding; a longer one loses its middle. */
const MAX_LIST = 200;

/** Class, function and property names are the program's: any length, any number. */
export function boundedFinding(finding: Finding): Finding {
  return {
    ...finding,
    title: boundedText(finding.title),
    reasons: bounded(finding.reasons).map(boundedText),
    className: boundedText(finding.className),
    retainerPath: bounded(finding.retainerPath).map(
      (step): RetainerStep => ({ ...step, edge: boundedText(step.edge), node: boundedText(step.node) }),
    ),
    growth: { ...finding.growth, steps: bounded(finding.growth.steps) },
    allocationSites: bounded(finding.allocationSites).map((site) => ({
      ...site,
      function: boundedText(site.function),
      url: boundedText(site.url),
      package: site.package === null ? null : boundedText(site.package),
    })),
    fields: bounded(finding.fields).map(boundedText),
    bound: finding.bound === null ? null : { ...finding.bound, name: boundedText(finding.bound.name) },
  };
}

export function boundedText(text: string): string {
  return text.length <= MAX_TEXT ? text : `${text.slice(0, MAX_TEXT - 1)}…`;
}

function bounded<T>(list: readonly T[]): readonly T[] {
  if (list.length <= MAX_LIST) return list;
  return [...list.slice(0, MAX_LIST / 2), ...list.slice(-MAX_LIST / 2)];
}
