import { terminalText } from '../report/terminal-text.js';
import { CommandError } from './command.js';
import { FINDING_ID, FINDING_ID_EXAMPLE } from './finding-id.js';
import type { LiveLine } from './live-line.js';
import type { OpsClient } from './ops-client.js';
import { OpsFailure } from './ops-failure.js';
import { requireSuccess, runOperation } from './ops-operation.js';
import { parsed } from './printable.js';
import { answerLines, type Json, linesOf, objectOf, pathLines, seriesLines } from './repl-answers.js';

const MAX_LINE = 10_000;
const LEAST_REASON = 10;
/** The service takes no longer one. */
const MAX_EXPRESSION = 8000;

export interface ReplOrder {
  readonly reason: string | null;
  readonly full: boolean;
  readonly secondReason: string | null;
  readonly finding: string | null;
}

interface DotCommand {
  /** Its argument in the help; '' without one. */
  readonly argument: '' | 'ID' | 'CLASS' | 'TEXT';
  readonly summary: string;
  readonly run: (repl: ReplClient, argument: string) => Promise<readonly string[]>;
}

const DOT_COMMANDS: Readonly<Record<string, DotCommand>> = {
  help: { argument: '', summary: 'show this list', run: async () => HELP_LINES },
  leaks: { argument: '', summary: 'the report', run: (repl) => repl.text('/leaks') },
  leak: { argument: 'ID', summary: 'one finding', run: (repl, id) => repl.text(`/leaks/${id}`) },
  path: {
    argument: 'ID',
    summary: 'what holds its members, and how many its owner holds now (if it is exposed)',
    run: async (repl, id) => pathLines(await repl.post('/probes/leak', { id })),
  },
  series: {
    argument: 'ID',
    summary: 'its counts and sizes at each capture',
    run: async (repl, id) => seriesLines(await repl.post('/probes/leak', { id })),
  },
  live: {
    argument: 'CLASS',
    summary: 'count its live instances: stops the service, so it is refused on heaps over some 50 MB',
    run: async (repl, className) => linesOf(await repl.post('/probes/live', { className })),
  },
  handles: {
    argument: '',
    summary: 'what is open, by type',
    run: async (repl) => linesOf(await repl.post('/probes/handles', {})),
  },
  modules: {
    argument: '',
    summary: 'what is exposed with its size, and what grows',
    run: async (repl) => linesOf(await repl.modules()),
  },
  gc: {
    argument: '',
    summary: 'run a full GC',
    run: async (repl) => linesOf(await repl.post('/gc', undefined)),
  },
  capture: {
    argument: '',
    summary: 'capture the heap now, as leakwatch scan does, and show the report',
    run: (repl) => repl.capture(),
  },
  reason: {
    argument: 'TEXT',
    summary: 'say why you evaluate expressions; opens another session',
    run: async (repl, reason) => repl.setReason(reason),
  },
  exit: { argument: '', summary: 'end (also Ctrl-D)', run: async () => [] },
};

const HELP_LINES = [
  ...Object.entries(DOT_COMMANDS).map(
    ([name, { argument, summary }]) => `${`.${name} ${argument}`.trimEnd().padEnd(14)}${summary}`,
  ),
  'Any other line is an expression, whose names are what the service exposes, and $it.',
];

/** The client's side of the prompt: one line in, some lines out. */
export class ReplClient {
  readonly #client: OpsClient;
  readonly #line: LiveLine;
  readonly #order: ReplOrder;
  #reason: string | null;
  #session: string | null = null;
  #names: readonly string[] = [];
  #findings: readonly string[] = [];

  constructor(client: OpsClient, order: ReplOrder, line: LiveLine) {
    this.#client = client;
    this.#order = order;
    this.#reason = order.reason;
    this.#line = line;
  }

  /** Lines that are safe to print. Throws a `CommandError`. */
  async run(text: string): Promise<readonly string[]> {
    const lines = text.startsWith('.') ? await this.#dot(text.slice(1)) : await this.#evaluate(text);
    return lines.map((line) => terminalText(line, MAX_LINE));
  }

  /** What the end of a line may become: commands, findings, or names of expressions. */
  complete(line: string): [readonly string[], string] {
    const command = /^\.(\w*)$/.exec(line);
    if (command !== null)
      return [
        Object.keys(DOT_COMMANDS)
          .map((name) => `.${name} `)
          .filter((name) => name.startsWith(line)),
        line,
      ];
    const id = /^\.(?:leak|path|series) +(\S*)$/.exec(line)?.[1];
    if (id !== undefined) return [this.#findings.filter((one) => one.startsWith(id)), id];
    const name = line.startsWith('.') ? '' : (/(?<![\w$.])[\w$]+$/.exec(line)?.[0] ?? '');
    return [name === '' ? [] : [...this.#names, '$it'].filter((one) => one.startsWith(name)), name];
  }

  async text(path: string): Promise<readonly string[]> {
    const { body } = await this.#client.ask({ path, accept: 'text/plain' });
    return body.toString('utf8').trimEnd().split('\n');
  }

  async post(path: string, body: unknown): Promise<Json> {
    const reply = await this.#client.ask({ method: 'POST', path, ...(body === undefined ? {} : { body }) });
    return objectOf(parsed(reply.body.toString('utf8')));
  }

  /** Keeps the names for completion. */
  async modules(): Promise<Json> {
    const modules = await this.post('/probes/modules', {});
    this.#names = namesIn(modules['exposed'], 'name');
    this.#findings = namesIn(modules['growing'], 'finding');
    return modules;
  }

  async capture(): Promise<readonly string[]> {
    const request = { method: 'POST', path: '/leaks/scan', body: {} } as const;
    const { operation } = await runOperation(this.#client, request, this.#line);
    requireSuccess(operation, 'the scan');
    return await this.text('/leaks');
  }

  /** The service keeps few sessions, and would keep this one for some minutes. */
  async end(): Promise<void> {
    if (this.#session === null) return;
    try {
      await this.post('/eval', { session: this.#session, end: true });
    } catch (error) {
      // It ends by itself.
      if (!(error instanceof CommandError)) throw error;
    }
  }

  setReason(reason: string): readonly string[] {
    if (reason.length < LEAST_REASON)
      throw new CommandError(`a reason has ${LEAST_REASON} characters or more`);
    this.#reason = reason;
    this.#session = null;
    return [];
  }

  async #dot(text: string): Promise<readonly string[]> {
    const [, name = '', argument = ''] = /^(\w*)\s*(.*?)\s*$/.exec(text) ?? [];
    const command = Object.hasOwn(DOT_COMMANDS, name) ? DOT_COMMANDS[name] : undefined;
    if (command === undefined) throw new CommandError(`there is no command .${name}; .help lists them`);
    if (command.argument === '' && argument !== '') throw new CommandError(`.${name} takes no argument`);
    if (command.argument !== '' && argument === '')
      throw new CommandError(`write .${name} ${command.argument}`);
    if (command.argument === 'ID' && !FINDING_ID.test(argument))
      throw new CommandError(`the ID of a finding is ${FINDING_ID_EXAMPLE}`);
    return await command.run(this, argument);
  }

  async #evaluate(expression: string): Promise<readonly string[]> {
    const answer = await this.#ask(expression).catch(async (error: unknown) => {
      // Only this field of the request: the service may also refuse what was typed.
      const isOver = error instanceof OpsFailure && error.detail?.startsWith('body.session:') === true;
      if (!isOver || this.#session === null) throw error;
      // It ended after its last command, or while nobody typed.
      this.#session = null;
      this.#line.say('the session has ended; this opens another one');
      return await this.#ask(expression);
    });
    const { id } = objectOf(answer['session']);
    this.#session = typeof id === 'string' ? id : null;
    return answerLines(answer);
  }

  async #ask(expression: string): Promise<Json> {
    const { full, secondReason, finding } = this.#order;
    if (expression.length > MAX_EXPRESSION)
      throw new CommandError(`an expression has ${MAX_EXPRESSION} characters at most`);
    if (this.#session === null && this.#reason === null)
      throw new CommandError('expressions need a reason, which the audit log keeps: write .reason TEXT');
    const opening = {
      reason: this.#reason,
      ...(full ? { mode: 'full', secondReason } : {}),
      ...(finding === null ? {} : { finding }),
    };
    const order = this.#session === null ? opening : { session: this.#session };
    const path = '/eval';
    const reply = await this.#client.ask(
      { method: 'POST', path, body: { expression, ...order } },
      [200, 404],
    );
    if (reply.status === 404)
      throw new CommandError('expressions are off in this service (option repl); .help lists what is there');
    return objectOf(parsed(reply.body.toString('utf8')));
  }
}

function namesIn(list: unknown, key: string): readonly string[] {
  if (!Array.isArray(list)) return [];
  return list.map((one) => objectOf(one)[key]).filter((name) => typeof name === 'string');
}
