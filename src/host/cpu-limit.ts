import { join } from 'node:path/posix';
import { findControlGroup, type KernelFiles, kernelFiles, smaller, wholeNumber } from './control-group.js';

/** CPU time that the process's control groups allow. */
export interface CpuLimit {
  /** CPU seconds per second, such as 0.5; null if there is no quota. */
  readonly cores: number | null;
}

/** The host's files, so that tests can fake them. */
export interface CpuLimitHost extends Pick<KernelFiles, 'readFile'> {
  readonly platform: NodeJS.Platform;
}

const systemHost: CpuLimitHost = { platform: process.platform, readFile: kernelFiles.readFile };

/**
 * Reads the CPU quota of the process's control group and its parents; the smallest wins. Version 2: `cpu.max`; version
 * 1: `cpu.cfs_quota_us` divided by `cpu.cfs_period_us`. Weights, shares and the number of cores are not limits. Outside
 * Linux there is no quota.
 */
export function readCpuLimit(host: CpuLimitHost = systemHost): CpuLimit {
  let cores: number | null = null;
  const group = host.platform === 'linux' ? findControlGroup(host, 'cpu') : null;
  for (const directory of group?.directories ?? []) {
    const quota = group?.version === 1 ? quotaOfVersion1(host, directory) : quotaOfVersion2(host, directory);
    cores = smaller(cores, quota);
  }
  return { cores };
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
