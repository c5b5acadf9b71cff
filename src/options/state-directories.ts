import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';

/** Candidates, best first; `explicit`: the user named it, so a failure to use it is an error. Otherwise the last one is temporary. */
export interface StateDirectories {
  readonly candidates: readonly string[];
  readonly explicit: boolean;
}

export function stateDirectories(given: string | undefined): StateDirectories {
  if (given !== undefined) return { candidates: [given], explicit: true };
  const candidates: string[] = [];
  const xdg = process.env['XDG_STATE_HOME'];
  if (xdg?.startsWith('/') === true) candidates.push(join(xdg, 'leakwatch'));
  const home = homeDirectory();
  if (home !== '' && home !== '/') candidates.push(join(home, '.local', 'state', 'leakwatch'));
  candidates.push(join(tmpdir(), `leakwatch-${process.getuid?.() ?? 'user'}`));
  return { candidates, explicit: false };
}

/** In a container the user id may have no passwd entry: then `homedir()` throws. */
function homeDirectory(): string {
  try {
    return homedir();
  } catch {
    return '';
  }
}
