/** Ranges of one Accept header that are looked at; more are ignored. */
const MAX_RANGES = 50;

interface MediaRange {
  readonly type: string;
  readonly quality: number;
}

/**
 * The offered media type that `header` prefers, or null if it accepts none (RFC 9110, 12.5.1).
 * Without a preference the first offer wins. Parameters other than `q` are not told apart.
 */
export function preferredType<T extends string>(header: string | undefined, offers: readonly T[]): T | null {
  if (header === undefined || header.trim() === '') return offers[0] ?? null;
  const ranges = header.split(',', MAX_RANGES).map(mediaRange);
  let best: { readonly offer: T; readonly quality: number; readonly specificity: number } | null = null;
  for (const offer of offers) {
    const match = bestRange(offer, ranges);
    if (match === null || match.quality === 0) continue;
    const better =
      best === null ||
      match.quality > best.quality ||
      (match.quality === best.quality && match.specificity > best.specificity);
    if (better) best = { offer, ...match };
  }
  return best?.offer ?? null;
}

/** The most specific range speaks for an offer, even if it says no. */
function bestRange(
  offer: string,
  ranges: readonly MediaRange[],
): { quality: number; specificity: number } | null {
  const wanted = [`${offer.split('/')[0]}/*`, offer];
  let best: { quality: number; specificity: number } | null = null;
  for (const { type, quality } of ranges) {
    const specificity = type === '*/*' ? 0 : wanted.indexOf(type) + 1;
    if (type !== '*/*' && specificity === 0) continue;
    if (best === null || specificity > best.specificity) best = { quality, specificity };
  }
  return best;
}

function mediaRange(text: string): MediaRange {
  const [type = '', ...parameters] = text.split(';').map((part) => part.trim().toLowerCase());
  const weight = parameters.find((parameter) => parameter.startsWith('q='))?.slice(2);
  const quality = weight === undefined ? 1 : Number.parseFloat(weight);
  return { type, quality: quality >= 0 && quality <= 1 ? quality : 0 };
}
