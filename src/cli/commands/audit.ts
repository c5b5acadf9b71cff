import { createReadStream } from 'node:fs';
import { basename } from 'node:path';
import type { AuditLink } from '../../audit/audit-folder.js';
import { type AuditDamage, type AuditVerification, linkFrom, verifyAudit } from '../../audit/verification.js';
import { terminalText } from '../../report/terminal-text.js';
import { formatCount, plural } from '../../runtime/units.js';
import { readOptions } from '../arguments.js';
import { type Command, CommandError, type CommandResult, UsageError } from '../command.js';
import { EXIT_CODES } from '../exit-codes.js';

const MAX_NAME = 200;
const MAX_FILES = 1000;

const HELP = `Usage: leakwatch audit verify [--head HASH] FILE ...

Checks audit logs of the ops endpoint: that no line of a file was changed, removed,
inserted or moved, and that the files given follow each other as their first lines say.
Somebody who can write the files can also rewrite all of them; --head shows that.

  --head HASH   a last hash that was noted elsewhere, such as "head" of GET /ops/status:
                it must still be in one of the files

Exit codes: 0 intact, 1 damaged, 2 a file could not be read, or wrong usage.
`;

interface AuditArguments {
  readonly head: string | null;
  readonly files: readonly string[];
}

export const auditCommand: Command = {
  summary: "check that an audit log of the ops endpoint was not changed: 'audit verify FILE'",
  help: HELP,
  run: (args) => verify(parse(args)),
};

function parse(args: readonly string[]): AuditArguments {
  const { options, words } = readOptions<{ readonly head: string }>(args, {
    head: {
      type: 'string',
      read: (head) => {
        if (/^[0-9a-f]{64}$/.test(head)) return { head };
        throw new UsageError('--head takes a hash of 64 hexadecimal digits');
      },
    },
  });
  const [action, ...files] = words;
  if (action !== 'verify') throw new UsageError("the only action is 'verify'");
  if (files.length === 0) throw new UsageError('name a file');
  if (files.length > MAX_FILES) throw new UsageError(`takes at most ${MAX_FILES} files`);
  return { head: options.head ?? null, files };
}

interface VerifiedFile {
  readonly name: string;
  readonly result: AuditVerification;
}

async function verify({ files, head }: AuditArguments): Promise<CommandResult> {
  // The first lines come first: they name the lines of other files that must be there.
  const links: AuditLink[] = [];
  for (const file of files) links.push(...[await reading(file, linkFrom)].filter((link) => link !== null));
  const wanted = new Set([head, ...links.map(({ hash }) => hash)].filter((hash) => hash !== null));
  const verified: VerifiedFile[] = [];
  for (const file of files) {
    const result = await reading(file, (chunks) => verifyAudit(chunks, wanted));
    verified.push({ name: basename(file), result });
  }
  const texts = verified.map((file) => textOf(file, verified, links));
  const headText = head === null ? null : headTextOf(head, verified);
  const isIntact = [...texts, ...(headText === null ? [] : [headText])].every(({ isGood }) => isGood);
  return {
    exitCode: isIntact ? EXIT_CODES.clean : EXIT_CODES.growth,
    output: [...texts, ...(headText === null ? [] : [headText])].map(({ text }) => `${text}\n`).join(''),
  };
}

async function reading<T>(file: string, read: (chunks: AsyncIterable<Buffer>) => Promise<T>): Promise<T> {
  try {
    return await read(createReadStream(file));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new CommandError(`${terminalText(file, MAX_NAME)}: cannot be read (${code ?? String(error)})`);
  }
}

interface Said {
  readonly text: string;
  readonly isGood: boolean;
}

function textOf(
  { name, result }: VerifiedFile,
  all: readonly VerifiedFile[],
  links: readonly AuditLink[],
): Said {
  const { lines, firstAt, lastAt, head, damage, unfinishedBytes, follows } = result;
  const shown = terminalText(name, MAX_NAME);
  const range = lines === 0 ? '' : ` from ${said(firstAt)} to ${said(lastAt)}`;
  const count = `${plural(lines, 'line')}${range}`;
  if (damage !== null)
    return {
      text: `${shown}: DAMAGED at line ${damage.line}: ${wordsFor(damage)}; before it ${count}`,
      isGood: false,
    };
  if (lines === 0) return { text: `${shown}: DAMAGED: it has no whole line`, isGood: false };
  const explained = links.some((link) => link.file === name && link.unfinishedBytes === unfinishedBytes);
  const unfinished: Said | null =
    unfinishedBytes === 0
      ? null
      : {
          text: explained
            ? `  unfinished last line of ${plural(unfinishedBytes, 'byte')}, as the file after it says`
            : `  TRUNCATED: after the last whole line ${plural(unfinishedBytes, 'byte')} of an unfinished one; its process was killed while it wrote, or the end was cut off`,
          isGood: explained,
        };
  const link = follows === null ? null : linkText(follows, all);
  const parts = [unfinished, link].filter((part) => part !== null);
  return {
    text: [`${shown}: intact, ${count}`, `  head ${head}`, ...parts.map(({ text }) => text)].join('\n'),
    isGood: parts.every(({ isGood }) => isGood),
  };
}

function linkText({ file, hash, seq }: AuditLink, all: readonly VerifiedFile[]): Said {
  const shown = terminalText(file, MAX_NAME);
  if (hash === null)
    return {
      text: `  continues ${shown}, whose last line was already damaged when this file began`,
      isGood: false,
    };
  const before = all.find(({ name }) => name === file);
  if (before === undefined)
    return { text: `  continues ${shown} after its line ${seq}; that file was not given`, isGood: true };
  const isThere = before.result.found.get(hash) === seq;
  return {
    text: isThere
      ? `  continues ${shown} after its line ${seq}`
      : `  DAMAGED: continues ${shown} after its line ${seq}, but that file has no such line now`,
    isGood: isThere,
  };
}

function headTextOf(head: string, all: readonly VerifiedFile[]): Said {
  for (const { name, result } of all) {
    const line = result.found.get(head);
    if (line === undefined) continue;
    const after = result.lines - line;
    const where =
      after === 0 ? 'the last line' : `line ${formatCount(line)}, ${plural(after, 'line')} before the end`;
    return { text: `noted head: ${where} of ${terminalText(name, MAX_NAME)}`, isGood: true };
  }
  return {
    text: 'noted head: DAMAGED: no line has it; the log was rewritten, or its end was cut off',
    isGood: false,
  };
}

function wordsFor(damage: AuditDamage): string {
  switch (damage.is) {
    case 'changed':
      return 'the line was changed';
    case 'missing':
      return `${plural(damage.count, 'line')} before it ${damage.count === 1 ? 'is' : 'are'} missing`;
    case 'repeated':
      return 'the line was inserted or moved';
    case 'replaced':
      return 'it does not follow the line before it; one of the two was replaced';
    case 'no-beginning':
      return 'it is not the beginning of a log';
    case 'too-long':
      return 'it is longer than any line of an audit log';
    case 'not-a-line':
      return 'it is not a line of an audit log';
  }
}

/** Times are text of the file. */
function said(at: string | null): string {
  return terminalText(at ?? '', 40);
}
