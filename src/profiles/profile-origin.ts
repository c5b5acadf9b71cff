/** Where a profile comes from. */
export interface ProfileOrigin {
  readonly pid: number;
  /** 0 for the main thread. */
  readonly threadId: number;
  readonly nodeVersion: string;
  readonly packageVersion: string;
}

export const threadLabel = ({ threadId }: ProfileOrigin): string =>
  threadId === 0 ? 'main' : `worker-${threadId}`;

/** Remarks in a profile. */
export function originComments(origin: ProfileOrigin): readonly string[] {
  const { pid, nodeVersion, packageVersion } = origin;
  return [
    `node ${nodeVersion}`,
    `leakwatch ${packageVersion}`,
    `pid ${pid}`,
    `thread ${threadLabel(origin)}`,
  ];
}

/** `cpu-1234-20261130T154534Z.cpuprofile` */
export function fileName(kind: 'cpu' | 'heap', { pid }: ProfileOrigin, atMs: number, ending: string): string {
  const at = new Date(atMs).toISOString().replace(/[-:]|\.\d+/g, '');
  return `${kind}-${pid}-${at}.${ending}`;
}
