import { type ChildProcess, type StdioOptions, spawn } from 'node:child_process';
import { once } from 'node:events';
import { keepAlive, pause, systemClock } from '../runtime/clock.js';
import { CommandError } from './command.js';
import { groupRuns, HAS_GROUPS, signalGroup } from './process-group.js';

/** How long a program has to end before it is killed. */
const GRACE_MS = 10_000;
/** Wait after the kill. A process that is still there then hangs in the kernel, for example. */
const LAST_WAIT_MS = 1000;
const POLL_MS = 50;

/** How the command ended: with an exit code or by a signal, asked or not. */
export interface Ending {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly askedToEnd: boolean;
  readonly ranForSeconds: number;
}

type Exit = [code: number | null, signal: NodeJS.Signals | null];

/**
 * A command and all processes that it starts. It leads its own process group, for two reasons: a shell or `npm` between us
 * and the program may not forward signals, and Ctrl-C on a terminal would reach the program twice, from there and from us.
 */
export class StartedProgram {
  /** Resolves when the command and its whole group have ended; background processes are ended as well. */
  readonly ended: Promise<Ending>;
  readonly #pid: number;
  readonly #startedAtMs = systemClock.monotonicMs();
  #askedToEnd = false;
  #over = false;

  /** Rejects with a `CommandError` when the command cannot be started. */
  static async start(
    [file, ...args]: readonly [string, ...string[]],
    environment: Readonly<Record<string, string | undefined>>,
    stdio: StdioOptions,
  ): Promise<StartedProgram> {
    try {
      const child = spawn(file, args, { env: environment, stdio, detached: HAS_GROUPS });
      // Before any await: a program may end at once.
      const ended = once(child, 'exit') as Promise<Exit>;
      ended.catch(() => {});
      await once(child, 'spawn');
      return new StartedProgram(child, ended);
    } catch (error) {
      throw new CommandError(`'${file}' could not be started: ${startReason(error)}`);
    }
  }

  private constructor(child: ChildProcess, ended: Promise<Exit>) {
    this.#pid = child.pid!;
    this.ended = this.#wholeGroup(ended);
  }

  /** Whether it ended, or will end, because it was asked to. */
  get askedToEnd(): boolean {
    return this.#askedToEnd;
  }

  get ranForSeconds(): number {
    return (systemClock.monotonicMs() - this.#startedAtMs) / 1000;
  }

  /** Forwards `signal`; kills the rest of the program after 10 s, or at once at the second call. */
  end(signal: NodeJS.Signals): void {
    if (this.#askedToEnd) {
      this.kill();
      return;
    }
    this.#askedToEnd = true;
    this.#send(signal);
    systemClock.after(GRACE_MS, () => this.kill());
  }

  kill(): void {
    this.#send('SIGKILL');
  }

  async #wholeGroup(ended: Promise<Exit>): Promise<Ending> {
    const [code, signal] = await ended;
    const alive = keepAlive();
    try {
      await this.#endRest();
    } finally {
      this.#over = true;
      alive.cancel();
    }
    return { code, signal, askedToEnd: this.#askedToEnd, ranForSeconds: this.ranForSeconds };
  }

  async #endRest(): Promise<void> {
    if (!HAS_GROUPS || !groupRuns(this.#pid)) return;
    if (!this.#askedToEnd) this.#send('SIGTERM');
    await this.#goneWithin(GRACE_MS);
    this.kill();
    await this.#goneWithin(LAST_WAIT_MS);
  }

  async #goneWithin(ms: number): Promise<void> {
    const untilMs = systemClock.monotonicMs() + ms;
    while (groupRuns(this.#pid) && systemClock.monotonicMs() < untilMs) await pause(POLL_MS);
  }

  /** The system may reuse the id of a group that has ended. */
  #send(signal: NodeJS.Signals): void {
    if (!this.#over) signalGroup(this.#pid, signal);
  }
}

function startReason(error: unknown): string {
  const { code } = error as NodeJS.ErrnoException;
  if (code === 'ENOENT') return 'no such command (ENOENT)';
  if (code === 'EACCES') return 'it is not executable (EACCES)';
  return String(code ?? error);
}
