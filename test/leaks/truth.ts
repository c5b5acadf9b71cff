/** What is true of a program of this folder, whatever a watcher says of it. */
export interface Truth {
  /** Name of its file. */
  readonly name: string;
  /** The kinds of finding that say it rightly; none for a healthy program. */
  readonly kinds: readonly string[];
  readonly leaks: boolean;
  /** Each must match the title, class, path or package of the first finding. Empty for a healthy program. */
  readonly culprit: readonly RegExp[];
  /** How many times longer than the others it may run: the growth of some differs from traffic that levels off only after a while. */
  readonly patience: number;
  /** What kind of program it stands for. */
  readonly standsFor: string;
}
