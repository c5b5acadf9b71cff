const YOUNG_SPACES: ReadonlySet<string> = new Set(['new_space', 'new_large_object_space']);

/** Whether objects of this heap space have yet to survive a minor collection or two. */
export function isYoungSpace(name: string): boolean {
  return YOUNG_SPACES.has(name);
}
