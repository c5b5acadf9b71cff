const YOUNG_SPACES: ReadonlySet<string> = new Set(['new_space', 'new_large_object_space']);

/** Whether objects in this heap space have yet to survive a minor GC or two. */
export function isYoungSpace(name: string): boolean {
  return YOUNG_SPACES.has(name);
}
