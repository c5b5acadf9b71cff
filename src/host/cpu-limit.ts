import { join } from 'node:path/posix';
import { findControlGroup, type KernelFiles, kernelFiles, smaller, wholeNumber } from './control-group.js';

/** The host's files, so that tests can fake them. */
export interface CpuLimitHost extends Pick<KernelFiles, 'readFile'> {
  readonly platform: NodeJS.Platform;
}

const systemHost: CpuLimitHost = { platform: process.platform, readFile: kernelFiles.readFile };

/**
 * CPU time that the process's control group and its parents allow: CPU seconds per second, such as 0.5; the smallest wins,
 * null if there is no quota. Version 2: `cpu.max`; version 1: `cpu.cfs_quota_us` divided by `cpu.cfs_period_us`. Weights,
 * shares and the number of cores are not limits. Outside Linux there is no quota.
 */
export function readCpuCores(host: CpuLimitHost = systemHost): number | null {
  const group = host.platform === 'linux' ? findControlGroup(host, 'cpu') : null;
  const quotaOf = group?.version === 1 ? quotaOfVersion1 : quotaOfVersion2;
  return (group?.directories ?? []).map((directory) => quotaOf(host, directory)).reduce(smaller, null);
}

function quotaOfVersion1(host: CpuLimitHost, directory: string): number | null {
  // "No quota" is written as -1, which is not a whole number here.
  const quota = wholeNumber(host.readFile(join(directory, 'cpu.cfs_quota_us')));
  return coresOf(quota, wholeNumber(host.readFile(join(directory, 'cpu.cfs_period_us'))));
}

function quotaOfVersion2(host: CpuLimitHost, directory: string): number | null {
  const [quota, period] = host.readFile(join(directory, 'cpu.max'))?.trim().split(' ') ?? [];
  return coresOf(wholeNumber(quota), wholeNumber(period));
}

function coresOf(quotaUs: number | null, periodUs: number | null): number | null {
  return quotaUs === null || periodUs === null || quotaUs === 0 || periodUs === 0 ? null : quotaUs / periodUs;
}
