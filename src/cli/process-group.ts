import { readdirSync, readFileSync } from 'node:fs';

export const HAS_GROUPS = process.platform !== 'win32';

/** Sends `signal` to the group of `leader`, or to `leader` itself on a system without groups. False: no such process. */
export function signalGroup(leader: number, signal: NodeJS.Signals | 0): boolean {
  try {
    process.kill(HAS_GROUPS ? -leader : leader, signal);
    return true;
  } catch {
    return false;
  }
}

/**
 * Whether a process of the group still runs. A dead process accepts signals until its parent reads its exit code, which in
 * many containers never happens for orphans; Linux shows the dead ones as zombies (`proc(5)`, state Z).
 */
export function groupRuns(leader: number): boolean {
  if (!signalGroup(leader, 0)) return false;
  if (process.platform !== 'linux') return true;
  try {
    return readdirSync('/proc').some((name) => /^\d+$/.test(name) && runsIn(leader, name));
  } catch {
    return true;
  }
}

/** `pid (name) state parent group …`, where the name may contain any character. */
function runsIn(group: number, pid: string): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const [state, , itsGroup] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return Number(itsGroup) === group && state !== 'Z' && state !== 'X';
  } catch {
    // It has ended.
    return false;
  }
}
