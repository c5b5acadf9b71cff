import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { ENTRY_PATHS, OPTION_NAMES, VARIABLE_NAMES } from '../../src/options/environment.js';

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..', '..', '..');
const README = textOf('README.md');
const DOCUMENTS = [
  ...readdirSync(ROOT).filter((name) => name.endsWith('.md')),
  ...filesBelow('docs').filter((name) => name.endsWith('.md')),
  'grafana/README.md',
];

describe('The documents', () => {
  it('list every option and every variable, and no others', () => {
    const rows = [...README.matchAll(/^\| `([\w.]+)` \| (?:`(LEAKWATCH_\w+)`)? *\|/gm)];
    const options = rows.map(([, option]) => option!).sort();
    const objects = new Set(ENTRY_PATHS.map((path) => path.split('.')[0]!));
    assert.deepEqual(options, [...OPTION_NAMES.filter((name) => !objects.has(name)), ...ENTRY_PATHS].sort());
    const variables = rows.flatMap(([, , variable]) => variable ?? []).sort();
    assert.deepEqual(variables, [...VARIABLE_NAMES].sort());
  });

  it('link to files that exist, and to headings that these have', () => {
    const broken = DOCUMENTS.flatMap((document) =>
      [...textOf(document).matchAll(/\]\((?!https?:)([^)#]*)(?:#([^)]*))?\)/g)].flatMap(
        ([link, path, heading]) => {
          const target = path === '' ? document : posix.join(posix.dirname(document), path!);
          if (!existsSync(join(ROOT, target))) return [`${document}: ${link}`];
          return heading === undefined || headingsOf(target).has(heading) ? [] : [`${document}: ${link}`];
        },
      ),
    );
    assert.deepEqual(broken, []);
  });

  it('name only files and folders of this repository that exist', () => {
    const name = /`((?:src|test|docs|grafana|scripts|bench|examples|\.ci)\/[\w./-]*\w\/?)`/g;
    const gone = DOCUMENTS.flatMap((document) =>
      [...textOf(document).matchAll(name)]
        .filter(([, path]) => !existsSync(join(ROOT, path!)))
        .map(([, path]) => `${document}: ${path}`),
    );
    assert.deepEqual(gone, []);
  });

  it('give the reason for every run-time dependency', () => {
    const { dependencies, optionalDependencies, peerDependencies } = JSON.parse(
      textOf('package.json'),
    ) as Record<string, object>;
    const [, table] = /^## Run-time dependencies$([\s\S]*?)^## /m.exec(
      textOf('docs/architecture/overview.md'),
    )!;
    const explained = [...table!.matchAll(/^\| `([^`]+)`( \(optional\))? \| [^|]+ \|$/gm)];
    assert.deepEqual(
      explained.map(([, name, optional]) => ({ name, optional: optional !== undefined })),
      [
        ...Object.keys(dependencies!).map((name) => ({ name, optional: false })),
        ...[optionalDependencies!, peerDependencies!]
          .flatMap(Object.keys)
          .map((name) => ({ name, optional: true })),
      ],
    );
  });

  for (const [document, folder] of [
    ['docs/architecture/overview.md', 'src'],
    ['docs/architecture/engine.md', 'src/heap'],
  ] as const) {
    it(`list every room of ${folder} in ${document} with what it imports, all from rooms above it`, () => {
      const rows = [...textOf(document).matchAll(/^\| `([\w-]+)\/` \| [^|]+ \| ([^|]*) \|/gm)];
      const listed = rows.map(([, room, imports]) => ({
        room: room!,
        imports: [...imports!.matchAll(/`([\w-]+)`/g)].map(([, name]) => name!),
      }));
      const rooms = listed.map(({ room }) => room);
      assert.deepEqual(rooms.toSorted(), foldersOf(folder));
      assert.deepEqual(
        listed.map(({ room, imports }) => `${room}: ${imports.toSorted().join(', ')}`),
        rooms.map((room) => `${room}: ${roomsImportedBy(`${folder}/${room}`, folder).join(', ')}`),
      );
      const upwards = listed.flatMap(({ room, imports }, at) =>
        imports.filter((name) => rooms.indexOf(name) > at).map((name) => `${room} imports ${name}`),
      );
      assert.deepEqual(upwards, []);
    });
  }
});

function textOf(document: string): string {
  return readFileSync(join(ROOT, document), 'utf8');
}

/** Their paths from the root. */
function filesBelow(folder: string): string[] {
  return readdirSync(join(ROOT, folder), { recursive: true }).map((name) => posix.join(folder, `${name}`));
}

function foldersOf(folder: string): string[] {
  return readdirSync(join(ROOT, folder), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name)
    .sort();
}

/** The anchors under which a page shows its headings. */
function headingsOf(document: string): ReadonlySet<string> {
  const headings = [...textOf(document).matchAll(/^#+ (.+)$/gm)].map(([, heading]) => heading!);
  return new Set(
    headings.map((heading) =>
      heading
        .toLowerCase()
        .replace(/[^\p{L}\p{N} _-]/gu, '')
        .replaceAll(' ', '-'),
    ),
  );
}

/** Names of the folders that the files of `room` import from: those beside it in `base`, and those of src. */
function roomsImportedBy(room: string, base: string): string[] {
  const files = filesBelow(room).filter((name) => name.endsWith('.ts'));
  const targets = files.flatMap((file) =>
    [...textOf(file).matchAll(/\bfrom\s+'(\.[^']+)'|\bimport\('(\.[^']+)'\)/g)].map(([, first, second]) =>
      posix.join(posix.dirname(file), first ?? second!),
    ),
  );
  const rooms = targets
    .filter((target) => !target.startsWith(`${room}/`))
    .map((target) => target.slice((target.startsWith(`${base}/`) ? base : 'src').length + 1).split('/'))
    .flatMap(([name, ...rest]) => (rest.length === 0 ? [] : name!));
  return [...new Set(rooms)].sort();
}
