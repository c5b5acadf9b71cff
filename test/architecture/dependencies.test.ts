import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..', '..', '..');

/**
 * For each folder of src, the folders it may import from, type imports included, and nothing else. In the order of the
 * data: a folder's line names only folders above it, so there are no circles. Files of src itself stand under their names.
 */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  'errors.ts': [],
  native: [],
  runtime: [],
  mechanisms: ['runtime'],
  host: [],
  sampling: ['native', 'runtime', 'host'],
  trend: ['mechanisms', 'sampling'],
  pace: ['runtime', 'trend'],
  trigger: ['runtime', 'trend', 'pace'],
  capture: ['native', 'runtime', 'host', 'trigger'],
  'heap/snapshot': ['errors.ts'],
  'heap/graph': ['runtime', 'heap/snapshot'],
  'heap/growth': ['runtime', 'mechanisms', 'heap/snapshot', 'heap/graph'],
  'heap/sources': ['runtime'],
  'heap/members': ['heap/snapshot', 'heap/graph', 'heap/growth'],
  'heap/naming': [
    'runtime',
    'mechanisms',
    'heap/snapshot',
    'heap/graph',
    'heap/growth',
    'heap/sources',
    'heap/members',
  ],
  'heap/limits': [
    'runtime',
    'mechanisms',
    'heap/snapshot',
    'heap/graph',
    'heap/growth',
    'heap/sources',
    'heap/members',
    'heap/naming',
  ],
  'heap/uniting': [
    'runtime',
    'mechanisms',
    'heap/snapshot',
    'heap/graph',
    'heap/growth',
    'heap/members',
    'heap/naming',
  ],
  'heap/suspects': [
    'runtime',
    'mechanisms',
    'heap/growth',
    'heap/sources',
    'heap/members',
    'heap/naming',
    'heap/limits',
    'heap/uniting',
  ],
  'heap/sites': ['runtime', 'mechanisms', 'heap/sources', 'heap/naming', 'heap/suspects'],
  heap: [
    'errors.ts',
    'runtime',
    'mechanisms',
    'heap/snapshot',
    'heap/graph',
    'heap/growth',
    'heap/sources',
    'heap/naming',
    'heap/suspects',
    'heap/sites',
  ],
  findings: ['runtime', 'mechanisms', 'sampling', 'trend', 'pace', 'heap/*'],
  analysis: ['native', 'runtime', 'host', 'heap/sources', 'heap'],
  wording: ['runtime', 'mechanisms', 'trigger', 'capture', 'heap', 'findings', 'analysis', 'heap/*'],
  'heap.ts': ['errors.ts', 'mechanisms', 'heap', 'wording', 'heap/*'],
  report: ['runtime', 'mechanisms', 'capture', 'heap/sources', 'heap/naming', 'findings'],
  access: ['errors.ts', 'runtime'],
  options: ['errors.ts', 'runtime', 'sampling', 'pace', 'heap/naming', 'access'],
  operations: ['errors.ts', 'runtime'],
  profiles: ['runtime', 'sampling', 'operations'],
  daemon: [
    'errors.ts',
    'runtime',
    'sampling',
    'trend',
    'pace',
    'trigger',
    'capture',
    'heap/sources',
    'heap/naming',
    'findings',
    'analysis',
    'wording',
    'report',
    'options',
    'operations',
  ],
  metrics: [
    'errors.ts',
    'runtime',
    'mechanisms',
    'sampling',
    'trigger',
    'capture',
    'findings',
    'report',
    'options',
    'daemon',
  ],
  audit: ['runtime', 'report', 'access'],
  repl: ['errors.ts', 'runtime', 'sampling', 'capture', 'heap/naming', 'findings'],
  http: [
    'errors.ts',
    'runtime',
    'mechanisms',
    'sampling',
    'trigger',
    'capture',
    'findings',
    'report',
    'access',
    'options',
    'operations',
    'audit',
    'repl',
  ],
  cli: [
    'errors.ts',
    'runtime',
    'pace',
    'heap',
    'findings',
    'wording',
    'report',
    'access',
    'options',
    'audit',
    'heap/*',
  ],
  'ops-acts.ts': ['operations', 'daemon', 'http'],
  'ops-endpoint.ts': [
    'runtime',
    'sampling',
    'access',
    'options',
    'operations',
    'profiles',
    'daemon',
    'metrics',
    'audit',
    'repl',
    'http',
    'ops-acts.ts',
  ],
  'registration.ts': ['runtime'],
  'watcher.ts': [
    'errors.ts',
    'runtime',
    'sampling',
    'trend',
    'capture',
    'findings',
    'analysis',
    'report',
    'access',
    'options',
    'daemon',
    'http',
    'registration.ts',
    'ops-endpoint.ts',
  ],
  'register.ts': ['errors.ts', 'runtime', 'options', 'registration.ts', 'watcher.ts'],
  'index.ts': [
    'errors.ts',
    'runtime',
    'mechanisms',
    'sampling',
    'pace',
    'trigger',
    'capture',
    'heap/sources',
    'heap/naming',
    'heap/limits',
    'findings',
    'report',
    'access',
    'options',
    'daemon',
    'watcher.ts',
  ],
};

/** Single files within an allowed folder that alone may reach a folder: what is dangerous or slow to load stays in one place. */
const ONLY: readonly {
  readonly target: string;
  readonly from: readonly string[];
  readonly because: string;
}[] = [
  {
    target: 'native/',
    from: ['native/', 'capture/', 'analysis/analysis-client.ts', 'sampling/sampling-slot.ts'],
    because: 'what the addon does is safe only in the order that capture/ keeps',
  },
  {
    target: 'express',
    from: ['http/'],
    because: 'its import takes 100 ms, so it is loaded late and in one place',
  },
  {
    target: 'zod',
    from: ['http/schema/'],
    because: 'it takes 13 MB, so it is loaded with the first request that needs it',
  },
  {
    target: 'prom-client',
    from: ['metrics/'],
    because: 'its import takes 50 ms',
  },
  {
    target: 'node-cron',
    from: ['daemon/schedule.ts'],
    because: 'one place knows how background work is timed',
  },
];

const inFolders =
  (...folders: string[]) =>
  (path: string) =>
    folders.some((folder) => path.startsWith(`${folder}/`));

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
    applies: (file) => file !== 'register.ts' && !inFolders('options', 'cli')(file),
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

/**
 * Rooms whose sentences nothing can take for values, since they answer a person directly: a command line, a request, an option,
 * the parser's errors. A room leaves the list when its last sentence is tagged. In all others an untagged string is a value.
 */
const MAY_LEAVE_UNTAGGED = /^(cli|heap\/snapshot|http|metrics|native|options)\/|^errors\.ts$/;
/** A string or a template without its marks, and what stands before it. */
const LITERAL =
  /(\bsay|Error\(\s*(?:'[A-Z_]+',\s*)?)?(?:'((?:[^'\\\n]|\\.)*)'|"((?:[^"\\\n]|\\.)*)"|`((?:[^`\\]|\\.)*)`)/g;
/** V8's own names, which stand in brackets, are none. */
const SENTENCE = /^(?!\(.*\)$).*[A-Za-z]{2,}[,:;]? +[A-Za-z']+[,:;]? +[A-Za-z']{2,}/s;
/** Lists of words that names in programs are made of. */
const WORD_LISTS = [
  'heap/limits/bound.ts',
  'heap/limits/expiry.ts',
  'heap/limits/owner-place.ts',
  'heap/naming/generic-class.ts',
];

/** File and reason where a text rule is set aside. */
const TEXT_EXCEPTIONS: Readonly<Record<string, { readonly rule: string; readonly because: string }>> = {};

const SOURCES = readdirSync(join(ROOT, 'src'), { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
  .map((entry) => posix.join(entry.parentPath.slice(join(ROOT, 'src').length + 1), entry.name))
  .sort();

const TEXTS = new Map(SOURCES.map((file) => [file, readFileSync(join(ROOT, 'src', file), 'utf8')]));

describe('The allow-list of imports, as docs/architecture/overview.md explains it', () => {
  it('sees the sources', () => {
    assert.ok(SOURCES.length > 30, `only ${SOURCES.length} files`);
    assert.ok(SOURCES.includes('watcher.ts'));
    assert.ok(importsOf('watcher.ts').length > 5);
  });

  it('holds: a folder imports from the folders its line allows and from no other, types included', () => {
    const broken = SOURCES.flatMap((file) =>
      localImports(file)
        .filter(({ target }) => !isAllowed(roomOf(file), roomOf(target)))
        .map(
          ({ target, line }) => `src/${file}:${line} imports ${target}: not in the line of ${roomOf(file)}`,
        ),
    );
    assert.deepEqual(broken, []);
  });

  it('holds: every line of the table is used, and names only lines above it', () => {
    const rooms = Object.keys(MAY_IMPORT);
    assert.deepEqual([...new Set(SOURCES.map(roomOf))].sort(), rooms.toSorted());
    for (const [at, room] of rooms.entries()) {
      const below = rooms.slice(at).filter((other) => isAllowed(room, other) && other !== room);
      assert.deepEqual(below, [], `${room} names what comes after it`);
      const used = new Set(
        SOURCES.filter((file) => roomOf(file) === room).flatMap((file) =>
          localImports(file).map(({ target }) => roomOf(target)),
        ),
      );
      const unused = MAY_IMPORT[room]!.filter((allowed) => ![...used].some((one) => covers(allowed, one)));
      assert.deepEqual(unused, [], `${room} may import what it does not`);
    }
  });

  for (const { target, from, because } of ONLY) {
    it(`holds: only ${from.join(', ')} import ${target}, since ${because}`, () => {
      const broken = SOURCES.filter((file) => !from.some((one) => file.startsWith(one))).flatMap((file) =>
        importsOf(file)
          .filter(
            (found) => found.target === target || (target.endsWith('/') && found.target.startsWith(target)),
          )
          .map(({ line }) => `src/${file}:${line} imports ${target}`),
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

  it('holds: sentences are written with `say`, since decisions compare values, and a change of wording must break nothing', () => {
    const broken = SOURCES.filter(
      (file) => !MAY_LEAVE_UNTAGGED.test(file) && !WORD_LISTS.includes(file),
    ).flatMap((file) =>
      untaggedSentences(codeLines(file)).map(({ text, line }) => `src/${file}:${line} ${text.slice(0, 80)}`),
    );
    assert.deepEqual(broken, []);
    const drawn = [
      "'one two three': 'four five six',",
      'b = say`one two three`;',
      'throw new TypeError(`one two three`);',
      "c = '(one two three)';",
    ];
    assert.deepEqual(
      untaggedSentences(drawn.map((text, line) => ({ text, line }))).map(({ line }) => line),
      [0],
    );
  });

  it('holds: no file cycles', () => {
    assert.deepEqual(findCycles(), []);
  });

  it('holds: no file over 300 lines, and a median of at most 150', () => {
    const lengths = SOURCES.map((file) => TEXTS.get(file)!.split('\n').length).sort((a, b) => a - b);
    assert.ok(lengths.at(-1)! <= 301, `the longest has ${lengths.at(-1)} lines`);
    assert.ok(lengths[Math.floor(lengths.length / 2)]! <= 150);
  });

  it('holds: no folder that could hold anything', () => {
    const vague = SOURCES.filter((file) => /(^|\/)(utils?|helpers?|common|core|types|lib)\//.test(file));
    assert.deepEqual(vague, []);
  });
});

/** The line of the table that a file belongs to: its folder, within heap/ and the like its folder there, or the file itself. */
function roomOf(file: string): string {
  const parts = file.split('/');
  if (parts.length === 1) return file;
  return parts.length > 2 && parts[0] === 'heap' ? `heap/${parts[1]}` : parts[0]!;
}

function covers(allowed: string, room: string): boolean {
  return allowed === room || (allowed === 'heap/*' && room.startsWith('heap/'));
}

function isAllowed(from: string, to: string): boolean {
  return from === to || (MAY_IMPORT[from] ?? []).some((allowed) => covers(allowed, to));
}

/** Imports of other files of src. */
function localImports(file: string): readonly { target: string; line: number }[] {
  return importsOf(file).filter(({ target }) => TEXTS.has(target));
}

function importsOf(file: string): { target: string; line: number }[] {
  const text = TEXTS.get(file)!;
  const found: { target: string; line: number }[] = [];
  const statement =
    /(?:^|\n)\s*(?:import|export)\s+(?:type\s)?[^;'"]*?from\s+'([^']+)'|\bimport\('([^']+)'\)|(?:^|\n)import '([^']+)'/g;
  for (const match of text.matchAll(statement)) {
    const specifier = match[1] ?? match[2] ?? match[3]!;
    const line = text.slice(0, match.index + match[0].length).split('\n').length;
    const target = specifier.startsWith('.')
      ? posix.join(posix.dirname(file), specifier).replace(/\.js$/, '.ts')
      : specifier;
    found.push({ target, line });
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

/** Strings and templates of three or more words, `line` being where they begin. */
function untaggedSentences(
  lines: readonly { text: string; line: number }[],
): { text: string; line: number }[] {
  const code = lines.map(({ text }) => text).join('\n');
  return [...code.matchAll(LITERAL)]
    .map((match) => ({
      // Errors, and keys of objects, which are codes.
      isAllowed: match[1] !== undefined || code[match.index + match[0].length] === ':',
      text: (match[2] ?? match[3] ?? match[4] ?? '').replace(/\$\{[^}]*\}/g, ' '),
      line: lines[code.slice(0, match.index).split('\n').length - 1]!.line,
    }))
    .filter(({ isAllowed, text }) => !isAllowed && SENTENCE.test(text));
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
    for (const { target } of importsOf(file)) visit(target, [...trail, file]);
    done.add(file);
  };
  for (const file of SOURCES) visit(file, []);
  return cycles;
}
