/** What the process had done by the time of one capture. Verdicts read growth together with it. */
export interface CaptureContext {
  /** That of the growth step it belongs to, milliseconds since the Unix epoch. */
  readonly atMs: number;
  /** Requests served, or made where it serves none, since watching began. */
  readonly requests: number;
  /** Sockets and pipes open; null where not known. */
  readonly openSockets: number | null;
  /** Full collections by V8 itself since watching began. */
  readonly majorCollections: number;
}
