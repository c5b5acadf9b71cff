/** A Map and an index that are filled and cleared over and over; their tables stay as large as they once were. */
import { prose, repeat } from '../load.js';

const BATCH = 8000;
const byKey = new Map<string, { readonly index: number; readonly text: string }>();
const index = new Set<number>();

repeat(900, (number) => {
  byKey.set(`key-${number}`, { index: number, text: prose(200, number) });
  index.add(number);
  if (byKey.size < BATCH) return;
  byKey.clear();
  index.clear();
});
