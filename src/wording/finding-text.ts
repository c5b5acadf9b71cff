import type { Evidence, Finding } from '../findings/finding.js';
import type { LedgerFinding } from '../findings/ledger-finding.js';
import type { Reason } from '../findings/reason.js';
import { say } from '../runtime/say.js';
import { holderText } from './holder-text.js';
import { reasonText, untilText } from './reason-text.js';
import { titleText } from './title-text.js';

/** A finding with its words, as it is published. */
export function publishedFinding(finding: LedgerFinding): Finding {
  const { headline: _, reasons, alsoHeldBy, ...figures } = finding;
  return {
    ...figures,
    title: titleText(finding),
    reasons: reasons.map(reasonText),
    evidence: reasons.map(evidenceOf),
    alsoHeldBy: alsoHeldBy.map(holderText),
  };
}

/** A finding whose words cannot be made: its values, and as title no more than what identifies it. */
export function plainFinding(finding: LedgerFinding): Finding {
  const { headline: _, reasons, ...figures } = finding;
  return {
    ...figures,
    title: say`${finding.className} (${finding.kind}, ${finding.id})`,
    reasons: reasons.map(({ rule }) => rule),
    evidence: reasons.map(({ rule, speaksFor, numbers }) => ({ rule, speaksFor, numbers, untilWhat: null })),
    alsoHeldBy: [],
  };
}

function evidenceOf(reason: Reason): Evidence {
  const { rule, speaksFor, numbers } = reason;
  return { rule, speaksFor, numbers, untilWhat: untilText(reason) };
}
