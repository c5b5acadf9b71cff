import type { Finding } from '../findings/finding.js';
import type { RetainerStep } from '../heap/naming/retainer-step.js';
import type { MemberLocation, SiteFrame } from '../heap/sources/code-place.js';

/** Names and lines that come from the watched heap are cut at this many characters and end in `…` then. */
const MAX_TEXT = 500;
/** Entries of any list within one finding; a longer one loses its middle. */
const MAX_LIST = 200;

/** Class, function and property names are the program's: any length, any number. */
export function boundedFinding(finding: Finding): Finding {
  const { bound, expiry, package: origin, yours } = finding;
  return {
    ...finding,
    title: boundedText(finding.title),
    reasons: bounded(finding.reasons).map(boundedText),
    evidence: bounded(finding.evidence).map((one) => ({
      ...one,
      untilWhat: one.untilWhat === null ? null : boundedText(one.untilWhat),
    })),
    className: boundedText(finding.className),
    retainerPath: bounded(finding.retainerPath).map(
      (step): RetainerStep => ({ ...step, edge: boundedText(step.edge), node: boundedText(step.node) }),
    ),
    growth: { ...finding.growth, steps: bounded(finding.growth.steps) },
    allocationSites: bounded(finding.allocationSites).map((site) => ({
      ...site,
      ...boundedFrame(site),
      callers: bounded(site.callers).map(boundedFrame),
    })),
    fields: bounded(finding.fields).map(boundedText),
    package:
      origin === null
        ? null
        : {
            name: boundedText(origin.name),
            version: origin.version === null ? null : boundedText(origin.version),
          },
    locations: bounded(finding.locations).map(boundedLocation),
    yours: yours === null ? null : boundedLocation(yours),
    alsoHeldBy: bounded(finding.alsoHeldBy).map(boundedText),
    bound: bound === null || bound.name === null ? bound : { ...bound, name: boundedText(bound.name) },
    expiry: expiry === null ? null : { ...expiry, name: boundedText(expiry.name) },
  };
}

function boundedFrame(frame: SiteFrame): SiteFrame {
  const origin = frame.package === null ? null : boundedText(frame.package);
  return {
    function: boundedText(frame.function),
    url: boundedText(frame.url),
    line: frame.line,
    column: frame.column,
    package: origin,
  };
}

function boundedLocation(location: MemberLocation): MemberLocation {
  return { ...location, function: boundedText(location.function), url: boundedText(location.url) };
}

export function boundedText(text: string): string {
  return text.length <= MAX_TEXT ? text : `${text.slice(0, MAX_TEXT - 1)}…`;
}

function bounded<T>(list: readonly T[]): readonly T[] {
  if (list.length <= MAX_LIST) return list;
  return [...list.slice(0, MAX_LIST / 2), ...list.slice(-MAX_LIST / 2)];
}
