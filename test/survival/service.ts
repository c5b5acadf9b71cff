import assert from 'node:assert/strict';
import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, isAbsolute, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { loadBinding } from '../../src/native/binding.js';
import { eventually } from '../support/eventually.js';
import type { Capture } from './captures.js';

/** For `skip`: false, or why nothing can be forked here. */
export const unavailable: string | false = loadBinding().reason ?? false;

/** The checkout, from wherever the tests were compiled to. */
export const root: string = rootOf(dirname(fileURLToPath(import.meta.url)));

function rootOf(directory: string): string {
  return existsSync(join(directory, 'package.json')) ? directory : rootOf(dirname(directory));
}

/** A service that says nothing for this long has hung. */
const HUNG_MS = 240_000;

type Start = (program: string, args: readonly string[], options: SpawnOptions) => ChildProcess;

export interface ServiceOptions {
  readonly args?: readonly string[];
  readonly nodeOptions?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  /** Starts it in other surroundings. */
  readonly start?: Start;
}

/** A program of `programs/` that captures itself and says so, line by line, on its standard output. */
export class Service {
  readonly child: ChildProcess;
  readonly #ended: Promise<readonly [number | null, NodeJS.Signals | null]>;
  #output = '';
  #errors = '';
  #over = false;

  constructor(name: string, options: ServiceOptions = {}) {
    const path = isAbsolute(name) ? name : fileURLToPath(new URL(`./programs/${name}.js`, import.meta.url));
    const { nodeOptions = [], args = [], environment = {}, start = spawn as Start } = options;
    const inherited = Object.entries(process.env).filter(
      ([variable]) => !/^(LEAKWATCH|NODE)_/.test(variable),
    );
    this.child = start(process.execPath, [...nodeOptions, path, ...args], {
      env: { ...Object.fromEntries(inherited), ...environment },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    this.child.stdout?.on('data', (text) => {
      this.#output += String(text);
    });
    this.child.stderr?.on('data', (text) => {
      this.#errors += String(text);
    });
    this.child.stdin?.on('error', () => {});
    this.#ended = once(this.child, 'close').then(([code, signal]) => {
      this.#over = true;
      return [code as number | null, signal as NodeJS.Signals | null];
    });
  }

  get errors(): string {
    return this.#errors;
  }

  /** The first line with this property. */
  async said<T>(property: string): Promise<T> {
    return await eventually(
      `the service says '${property}'; it said ${this.#output.slice(-2000)}${this.#errors.slice(-2000)}`,
      () => {
        const found = this.#messages().find((message) => property in message);
        if (found === undefined && this.#over) assert.fail(`the service ended: ${this.#errors.slice(-2000)}`);
        return found as T | undefined;
      },
      HUNG_MS,
    );
  }

  /** A line for its standard input. */
  tell(line: string): void {
    this.child.stdin?.write(`${line}\n`);
  }

  /** Exit code and signal, when it has ended by itself. */
  async ended(): Promise<readonly [number | null, NodeJS.Signals | null]> {
    await eventually(
      `the service ends; it said ${this.#output.slice(-6000)}${this.#errors.slice(-2000)}`,
      () => this.#over,
      HUNG_MS,
    );
    return await this.#ended;
  }

  async kill(): Promise<void> {
    if (!this.#over) this.child.kill('SIGKILL');
    await this.#ended;
  }

  /** What is common to a service that got through it all: it ended well, and said this last. */
  async report<T>(): Promise<T> {
    const [code, signal] = await this.ended();
    assert.deepEqual([code, signal], [0, null], `${this.#errors.slice(-4000)}${this.#output.slice(-1000)}`);
    return this.#messages().at(-1) as T;
  }

  #messages(): readonly object[] {
    const whole = this.#output.slice(0, this.#output.lastIndexOf('\n') + 1);
    return whole
      .split('\n')
      .filter((line) => line.startsWith('{'))
      .map((line) => JSON.parse(line) as object);
  }
}

/** Runs `work` with a service and lets none live on. */
export async function withService<T>(
  name: string,
  options: ServiceOptions,
  work: (service: Service) => Promise<T>,
): Promise<T> {
  const service = new Service(name, options);
  try {
    return await work(service);
  } finally {
    await service.kill();
  }
}

/** Runs a service to its end, and returns what it said last. */
export async function reportOf<T>(name: string, options: ServiceOptions = {}): Promise<T> {
  return await withService(name, options, async (service) => await service.report<T>());
}

/** Whether the process runs. A dead one that nobody has waited for does not. */
export function isAlive(pid: number): boolean {
  const path = `/proc/${pid}/stat`;
  if (!existsSync(path)) return false;
  try {
    return !['Z', 'X'].includes(stateOf(pid));
  } catch {
    return false;
  }
}

/** One letter, such as `T` for stopped. */
export function stateOf(pid: number): string {
  return readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.[0] ?? '';
}

/** All but those that were spoilt by what V8's threads were at, which are tried again. */
export function settled(captures: readonly Capture[]): readonly Capture[] {
  return captures.filter(({ failure }) => failure?.cause !== 'worker-busy');
}
