/** A Map that a constant of the module bounds, oldest entry out first. */
import { prose, repeat } from '../load.js';

const MAX_ENTRIES = 4000;
const thumbnails = new Map<string, { readonly width: number; readonly pixels: string }>();

function thumbnail(name: string, index: number): number {
  const known = thumbnails.get(name);
  if (known !== undefined) return known.width;
  if (thumbnails.size >= MAX_ENTRIES) {
    const oldest = thumbnails.keys().next().value;
    if (oldest !== undefined) thumbnails.delete(oldest);
  }
  thumbnails.set(name, { width: 64, pixels: prose(2000, index) });
  return 64;
}

repeat(60, (index) => thumbnail(`picture-${index}.png`, index));
