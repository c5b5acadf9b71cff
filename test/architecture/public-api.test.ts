import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, posix } from 'node:path';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';

const ROOT = dirname(createRequire(import.meta.url).resolve('leakwatch/package.json'));
const COMPILED = fileURLToPath(new URL('../../src/', import.meta.url));
const COMMITTED = join(ROOT, 'test', 'architecture', 'public-api.txt');
const LINE_WIDTH = 140;

/** One `.d.ts` file: its own declarations, and where the names it borrows come from. */
interface DeclarationFile {
  readonly path: string;
  /** Name → declaration, without comments. */
  readonly declarations: ReadonlyMap<string, string>;
  /** Local name → file below `src` (or package) and the name it has there; re-exports too. */
  readonly borrowed: ReadonlyMap<string, { readonly from: string; readonly name: string }>;
  /** What other files can import from this one. */
  readonly exported: readonly string[];
}

const files = new Map<string, DeclarationFile>();

function declarationFile(path: string): DeclarationFile {
  const known = files.get(path);
  if (known !== undefined) return known;
  const read = parse(path, readFileSync(join(COMPILED, path), 'utf8'));
  files.set(path, read);
  return read;
}

/** Relies on the form in which the compiler writes declarations: each starts at the beginning of a line. */
function parse(path: string, text: string): DeclarationFile {
  const declarations = new Map<string, string>();
  const borrowed = new Map<string, { from: string; name: string }>();
  const exported: string[] = [];
  for (const statement of statementsOf(text)) {
    const list = /^(import|export)\s+(?:type\s+)?\{([^}]*)\}(?:\s*from\s*'([^']+)')?/.exec(statement);
    if (list === null) {
      const declared =
        /^(export )?(?:declare )?(?:abstract )?(?:const|let|function|class|interface|type) (\w+)/.exec(
          statement,
        );
      assert.ok(declared, `${path}: not understood: ${statement.slice(0, 80)}`);
      const name = declared[2]!;
      declarations.set(name, [declarations.get(name), statement].filter(Boolean).join('\n'));
      if (declared[1] !== undefined) exported.push(name);
      continue;
    }
    for (const entry of list[2]!.split(',').map((part) => part.replace(/^\s*type\s+/, '').trim())) {
      if (entry === '') continue;
      const [name = entry, local = name] = entry.split(/\s+as\s+/);
      if (list[3] !== undefined) borrowed.set(local, { from: resolve(path, list[3]), name });
      if (list[1] === 'export') exported.push(local);
    }
  }
  return { path, declarations, borrowed, exported };
}

function statementsOf(text: string): string[] {
  const lines = text
    .replace(/\/\*[\s\S]*?\*\//g, '')
    .split('\n')
    .map((line) => line.trimEnd())
    .filter((line) => line.trim() !== '' && !line.startsWith('//'));
  const statements: string[][] = [];
  for (const line of lines) {
    if (/^[a-z]/.test(line)) statements.push([line]);
    else statements.at(-1)!.push(line);
  }
  return statements.map((statement) => statement.join('\n'));
}

function resolve(from: string, specifier: string): string {
  if (!specifier.startsWith('.')) return specifier;
  return posix.join(posix.dirname(from), specifier).replace(/\.js$/, '.d.ts');
}

interface Surface {
  /** Exported name → declaration. */
  readonly exported: ReadonlyMap<string, string>;
  /** The same of what these mention, so that no change hides behind a name. */
  readonly mentioned: ReadonlyMap<string, string>;
  /** `IncomingMessage from node:http`. */
  readonly foreign: readonly string[];
}

function surfaceOf(entry: string): Surface {
  const exported = new Map<string, string>();
  const mentioned = new Map<string, string>();
  const foreign = new Set<string>();
  /** `as`: the name under which it was imported. */
  const follow = (file: DeclarationFile, name: string, into: Map<string, string>, as = name): void => {
    const elsewhere = file.borrowed.get(name);
    if (elsewhere !== undefined) {
      if (elsewhere.from.endsWith('.d.ts')) follow(declarationFile(elsewhere.from), elsewhere.name, into, as);
      else foreign.add(`${elsewhere.name} from ${elsewhere.from}`);
      return;
    }
    const declaration = file.declarations.get(name);
    if (declaration === undefined || exported.has(as) || mentioned.has(as)) return;
    into.set(as, legible(declaration).replace(new RegExp(`\\b${name}\\b`), as));
    for (const other of mentionsIn(declaration)) follow(file, other, mentioned);
  };
  const file = declarationFile(entry);
  const names = [...file.exported].sort();
  // All exported names first, or one would be taken for merely mentioned.
  const reserved = new Map(names.map((name) => [name, ownerOf(file, name)]));
  for (const [name, owner] of reserved) exported.set(name, legible(owner.declarations.get(name)!));
  for (const [name, owner] of reserved)
    for (const other of mentionsIn(owner.declarations.get(name)!)) follow(owner, other, mentioned);
  return { exported, mentioned, foreign: [...foreign].sort() };
}

function ownerOf(file: DeclarationFile, name: string): DeclarationFile {
  const elsewhere = file.borrowed.get(name);
  if (elsewhere === undefined) {
    assert.ok(file.declarations.has(name), `${name} is not declared in ${file.path}`);
    return file;
  }
  assert.equal(elsewhere.name, name, 'the public surface renames nothing');
  return ownerOf(declarationFile(elsewhere.from), name);
}

/** Names used in types; those of members and parameters, which stand before a colon or a bracket, are not. */
function mentionsIn(declaration: string): string[] {
  const withoutTexts = declaration.replace(/'[^']*'|"[^"]*"/g, "''");
  return [...withoutTexts.matchAll(/\b[A-Za-z_]\w*\b(?!\??:|\()/g)].map(([name]) => name);
}

/** One quote, two spaces, and an object type on one line where it fits. */
function legible(declaration: string): string {
  let text = declaration
    .replace(/^export /gm, '')
    .replace(/^declare /gm, '')
    .replace(/"([^"'\n]*)"/g, "'$1'")
    .replace(/^ +/gm, (indent) => ' '.repeat(indent.length / 2));
  for (let before = ''; before !== text; ) {
    before = text;
    text = text.replace(
      /^( +.*)\{\n([^{}]*?)\n *\}(.*)$/gm,
      (whole, start: string, inner: string, end: string) => {
        const line = `${start}{ ${inner
          .trim()
          .replace(/\s*\n\s*/g, ' ')
          .replace(/;$/, '')} }${end}`;
        return line.length <= LINE_WIDTH ? line : whole;
      },
    );
  }
  return text;
}

/** Specifier → declarations; `package.json` names the same under `exports`. */
const ENTRIES: Readonly<Record<string, string>> = { leakwatch: 'index.d.ts', 'leakwatch/heap': 'heap.d.ts' };

function describeEntry(specifier: string, entry: string): string[] {
  const { exported, mentioned, foreign } = surfaceOf(entry);
  const sorted = (declarations: ReadonlyMap<string, string>) =>
    [...declarations].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, text]) => text);
  return [
    `===== import { … } from '${specifier}'`,
    ...sorted(exported),
    '===== mentioned by these, and not exported',
    ...sorted(mentioned),
    '===== mentioned by these, of other packages',
    foreign.join('\n') || 'none',
  ];
}

function describeSurface(): string {
  return `${[
    "The public surface of leakwatch. Written by this folder's test with UPDATE_PUBLIC_API=1; a change here is a change for users.",
    ...Object.entries(ENTRIES).flatMap(([specifier, entry]) => describeEntry(specifier, entry)),
    "===== import 'leakwatch/register'",
    declarationFile('register.d.ts').exported.join('\n') || 'exports nothing',
  ].join('\n\n')}\n`;
}

/** Lines of either text that the other has not, in order (longest common subsequence). */
function difference(before: readonly string[], after: readonly string[]): string[] {
  const common = before
    .map(() => new Uint32Array(after.length + 1))
    .concat(new Uint32Array(after.length + 1));
  for (let i = before.length - 1; i >= 0; i--)
    for (let j = after.length - 1; j >= 0; j--) {
      common[i]![j] =
        before[i] === after[j]
          ? common[i + 1]![j + 1]! + 1
          : Math.max(common[i + 1]![j]!, common[i]![j + 1]!);
    }
  const lines: string[] = [];
  let i = 0;
  let j = 0;
  while (i < before.length || j < after.length) {
    if (i < before.length && j < after.length && before[i] === after[j]) {
      i++;
      j++;
    } else if (j >= after.length || (i < before.length && common[i + 1]![j]! >= common[i]![j + 1]!)) {
      lines.push(`- ${before[i++]}`);
    } else {
      lines.push(`+ ${after[j++]}`);
    }
  }
  return lines;
}

describe('The public surface', () => {
  it('is the one in public-api.txt', () => {
    const present = describeSurface();
    if (process.env['UPDATE_PUBLIC_API'] === '1') writeFileSync(COMMITTED, present);
    const changes = difference(readFileSync(COMMITTED, 'utf8').split('\n'), present.split('\n'));
    assert.ok(
      changes.length === 0,
      `the public surface changed; if it is meant to, run this test with UPDATE_PUBLIC_API=1:\n${changes.join('\n')}`,
    );
  });

  it('covers every entry of package.json', () => {
    const { exports } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
      exports: Readonly<Record<string, string | { readonly types: string }>>;
    };
    const typed = Object.entries(exports).flatMap(([name, target]) =>
      typeof target === 'string' ? [] : [[posix.join('leakwatch', name), posix.basename(target.types)]],
    );
    const covered = { ...ENTRIES, 'leakwatch/register': 'register.d.ts' };
    assert.deepEqual(Object.fromEntries(typed), covered);
  });

  for (const [specifier, entry] of Object.entries(ENTRIES)) {
    it(`declares as values exactly the names that can be imported at run time from ${specifier}`, async () => {
      const { exported } = surfaceOf(entry);
      const declared = [...exported]
        .filter(([, text]) => !/^(type|interface) /.test(text))
        .map(([name]) => name);
      const module: object = await import(`../../src/${entry.replace(/\.d\.ts$/, '.js')}`);
      assert.deepEqual(Object.keys(module).sort(), declared.sort());
    });

    it(`holds neither any nor a name that could be changed from outside in ${specifier}`, () => {
      const { exported, mentioned } = surfaceOf(entry);
      const broken = [...exported, ...mentioned].flatMap(([name, text]) =>
        text
          .split('\n')
          .filter(
            (line) => /\bany\b/.test(line.replace(/'[^']*'/g, '')) || /^ +(?!readonly )\w+\??: /.test(line),
          )
          .map((line) => `${name}: ${line.trim()}`),
      );
      // Tuples of a map from events to arguments are no state.
      assert.deepEqual(
        broken.filter((line) => !line.startsWith('WatcherEvents: ')),
        [],
      );
    });
  }
});
