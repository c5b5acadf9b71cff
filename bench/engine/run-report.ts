/** What an engine reports at the end of a run. */
export interface RunReport {
  readonly nodes: number;
  /** Retained size of the root, bytes: proof that the work was done. */
  readonly retainedBytes: number;
  readonly peakRssBytes: number;
}

export function reportRun(nodes: number, retainedBytes: number): void {
  const peakRssBytes = process.resourceUsage().maxRSS * 1024;
  console.log(JSON.stringify({ nodes, retainedBytes, peakRssBytes } satisfies RunReport));
}
