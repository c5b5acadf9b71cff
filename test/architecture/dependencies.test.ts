import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..', '..', '..');

interface Rule {
  readonly name: string;
  readonly because: string;
  /** Whether the rule speaks of this file. */
  readonly applies: (file: string) => boolean;
  /** Whether an import of `target` (a path below src, or a package name) breaks it. */
  readonly forbids: (target: string, file: string) => boolean;
}

const inFolders =
  (...folders: string[]) =>
  (path: string) =>
    folders.some((folder) => path.startsWith(`${folder}/`));
const packages =
  (...names: string[]) =>
  (target: string) =>
    names.includes(target);

/** Parsers and a type that options need, and that load nothing else. */
const BORROWED: Readonly<Record<string, readonly string[]>> = {};

const IMPORT_RULES: readonly Rule[] = [
  {
    name: 'the engine stands alone',
    because: 'heap/ and report/ run offline, in another process, on another machine',
    applies: inFolders('heap', 'report'),
    forbids: inFolders('sampling', 'trigger', 'capture', 'daemon', 'http', 'metrics', 'cli', 'native'),
  },
  {
    name: 'watching stays cheap',
    because: 'sampling, trend and trigger load no engine code into the service',
    applies: inFolders('sampling', 'trend', 'trigger'),
    forbids: inFolders('heap'),
  },
  {
    name: 'one composition root',
    because: 'only watcher.ts and register.ts wire http and metrics; what others borrow loads nothing',
    applies: (file) => !inFolders('http', 'metrics')(file) && !['watcher.ts', 'register.ts'].includes(file),
    forbids: (target, file) =>
      inFolders('http', 'metrics')(target) && !(BORROWED[file] ?? []).includes(target),
  },
  {
    name: 'the command line starts programs, it does not watch',
    because: 'cli/ imports neither http, metrics nor daemon',
    applies: inFolders('cli'),
    forbids: inFolders('http', 'metrics', 'daemon'),
  },
  {
    name: 'the addon serves captures',
    because:
      'what it does is safe only in the order that capture/ keeps; the client of the analysis closes a pipe with it, and one file begins the sampling of allocations',
    applies: (file) =>
      !inFolders('capture', 'native')(file) &&
      !['analysis/analysis-client.ts', 'sampling/choose-sites.ts'].includes(file),
    forbids: inFolders('native'),
  },
  {
    name: 'the binding stands alone',
    because: 'native/ is loaded where nothing else is',
    applies: inFolders('native'),
    forbids: (target) => !inFolders('native')(target) && !target.startsWith('node:'),
  },
  {
    name: 'express stays in http',
    because: 'its import takes 100 ms, so it is loaded late and in one place',
    applies: (file) => !inFolders('http')(file),
    forbids: packages('express'),
  },
  {
    name: 'prom-client stays in metrics',
    because: 'its import takes 50 ms, so it is loaded late and in one place',
    applies: (file) => !inFolders('metrics')(file),
    forbids: packages('prom-client'),
  },
  {
    name: 'node-cron stays in the schedule',
    because: 'one place knows how background work is timed',
    applies: (file) => file !== 'daemon/schedule.ts',
    forbids: packages('node-cron'),
  },
];

interface TextRule {
  readonly name: string;
  readonly because: string;
  readonly applies: (file: string) => boolean;
  readonly pattern: RegExp;
}

const TEXT_RULES: readonly TextRule[] = [
  {
    name: 'time enters through the clock',
    because: "tests own it, and every timer is unref'd",
    applies: (file) => file !== 'runtime/clock.ts',
    pattern: /\b(setTimeout|setInterval|setImmediate|Date\.now|performance\.now)\b|\bnew Date\(\)/,
  },
  {
    name: 'the environment enters through options',
    because: 'process.env and argv are read in options, environment, register and cli',
    applies: (file) =>
      !['options/options.ts', 'options/environment.ts', 'register.ts'].includes(file) &&
      !inFolders('cli')(file),
    pattern: /\bprocess\.(env|argv)\b/,
  },
  {
    name: 'only the command line speaks and ends',
    because: 'console and process.exit belong to cli/main.ts',
    applies: (file) => file !== 'cli/main.ts',
    pattern: /\bconsole\.|\bprocess\.exit\(/,
  },
  {
    name: 'a .node file is loaded in one place',
    because: 'its absence must yield the next best dumper with a reason, never a throw',
    applies: (file) => file !== 'native/binding.ts',
    pattern: /\.node\b['"`]|process\.dlopen|\bbindings\(/,
  },
  {
    name: 'no export *',
    because: 'a reader must find every name where it is made',
    applies: () => true,
    pattern: /\bexport\s*\*/,
  },
  {
    name: 'no any',
    because: 'what is not known is unknown',
    applies: () => true,
    pattern: /[:<,(|&]\s*any\b(?!\s*[a-z])|\bas any\b/,
  },
];

/** File and reason where a text rule is set aside. */
const TEXT_EXCEPTIONS: Readonly<Record<string, { readonly rule: string; readonly because: string }>> = {};

const SOURCES = readdirSync(join(ROOT, 'src'), { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
  .map((entry) => posix.join(entry.parentPath.slice(join(ROOT, 'src').length + 1), entry.name))
  .sort();

const TEXTS = new Map(SOURCES.map((file) => [file, readFileSync(join(ROOT, 'src', file), 'utf8')]));

describe('The dependency table of docs/ARCHITECTURE.md', () => {
  it('sees the sources', () => {
    assert.ok(SOURCES.length > 30, `only ${SOURCES.length} files`);
    assert.ok(SOURCES.includes('watcher.ts'));
    assert.ok(importsOf('watcher.ts').length > 5);
  });

  for (const rule of IMPORT_RULES) {
    it(`holds: ${rule.name}, since ${rule.because}`, () => {
      const broken = SOURCES.filter(rule.applies).flatMap((file) =>
        importsOf(file)
          .filter(({ target }) => rule.forbids(target, file))
          .map(({ target, line }) => `src/${file}:${line} imports ${target}: ${rule.name} (${rule.because})`),
      );
      assert.deepEqual(broken, []);
    });
  }

  for (const rule of TEXT_RULES) {
    it(`holds: ${rule.name}, since ${rule.because}`, () => {
      const broken = SOURCES.filter(rule.applies)
        .filter((file) => TEXT_EXCEPTIONS[file]?.rule !== rule.name)
        .flatMap((file) =>
          codeLines(file)
            .filter(({ text }) => rule.pattern.test(text))
            .map(({ text, line }) => `src/${file}:${line} ${text.trim()}: ${rule.name} (${rule.because})`),
        );
      assert.deepEqual(broken, []);
    });
  }

  it('holds: no file cycles', () => {
    assert.deepEqual(findCycles(), []);
  });

  it('holds: no file over 500 lines, and a median of at most 150', () => {
    const lengths = SOURCES.map((file) => TEXTS.get(file)!.split('\n').length).sort((a, b) => a - b);
    assert.ok(lengths.at(-1)! <= 500, `the longest has ${lengths.at(-1)} lines`);
    assert.ok(lengths[Math.floor(lengths.length / 2)]! <= 150);
  });

  it('holds: no folder that could hold anything', () => {
    const vague = SOURCES.filter((file) => /(^|\/)(utils?|helpers?|common|core|types|lib)\//.test(file));
    assert.deepEqual(vague, []);
  });
});

function importsOf(file: string): { target: string; line: number; typeOnly: boolean }[] {
  const text = TEXTS.get(file)!;
  const found: { target: string; line: number; typeOnly: boolean }[] = [];
  const statement =
    /(?:^|\n)\s*(?:import|export)\s+(type\s)?[^;'"]*?from\s+'([^']+)'|\bimport\('([^']+)'\)|(?:^|\n)import '([^']+)'/g;
  for (const match of text.matchAll(statement)) {
    const specifier = match[2] ?? match[3] ?? match[4]!;
    const line = text.slice(0, match.index + match[0].length).split('\n').length;
    const target = specifier.startsWith('.')
      ? posix.join(posix.dirname(file), specifier).replace(/\.js$/, '.ts')
      : specifier;
    found.push({ target, line, typeOnly: match[1] !== undefined });
  }
  return found;
}

/** Lines without comments; strings stay, which errs on the strict side. */
function codeLines(file: string): { text: string; line: number }[] {
  const text = TEXTS.get(file)!.replace(/\/\*[\s\S]*?\*\//g, (comment) => comment.replace(/[^\n]/g, ' '));
  return text
    .split('\n')
    .map((source, index) => ({ text: source.replace(/(^|\s)\/\/.*$/, ''), line: index + 1 }));
}

function findCycles(): string[] {
  const cycles: string[] = [];
  const done = new Set<string>();
  const visit = (file: string, trail: readonly string[]): void => {
    if (trail.includes(file)) {
      cycles.push([...trail.slice(trail.indexOf(file)), file].join(' → '));
      return;
    }
    if (done.has(file) || !TEXTS.has(file)) return;
    for (const { target, typeOnly } of importsOf(file)) if (!typeOnly) visit(target, [...trail, file]);
    done.add(file);
  };
  for (const file of SOURCES) visit(file, []);
  return cycles;
}
