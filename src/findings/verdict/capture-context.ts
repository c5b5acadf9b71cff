/** What the process had done by the time of one capture. Verdicts read growth together with it. */
export interface CaptureContext {
  /** Time of its growth step, milliseconds since the Unix epoch. */
  readonly atMs: number;
  /** Requests served, or made where it serves none, since watching began. */
  readonly requests: number;
  /** Open sockets and pipes; null if unknown. */
  readonly openSockets: number | null;
  /** Full GCs by V8 itself since watching began. */
  readonly majorCollections: number;
}
