import { say } from '../runtime/say.js';
import type { FindingKind, MechanismRow, ResourceType } from './mechanism-row.js';
import { MECHANISM_NAMES, MECHANISMS, type Mechanism } from './mechanisms.js';
import { NATIVE } from './path-names.js';

const ALWAYS = { confirmsAlone: 'always', because: '' } as const;
const pending = (type: string): ResourceType => ({
  words: say`pending operations (${type.slice(0, 40)})`,
  confirmsAlone: 'never',
  because: say`they wait for the operating system and end when it catches up`,
});

/** Open resources and native objects without a mechanism. */
const OTHER_RESOURCES: Readonly<Record<string, ResourceType>> = {
  ProcessWrap: { words: say`child processes`, ...ALWAYS },
  MessagePort: { words: say`open message ports`, ...ALWAYS },
  FileDescriptor: { words: say`open file descriptors`, ...ALWAYS },
  TTYWrap: { ...pending('TTYWrap'), hasDescriptor: true },
};
const OTHER_NATIVES: Readonly<Record<string, string>> = {
  MessagePort: say`open message ports`,
  FileHandle: say`open files`,
  DirHandle: say`open directories`,
  ChannelWrap: say`open DNS resolvers`,
};

const NATIVES: ReadonlyMap<string, string> = new Map(
  [OTHER_NATIVES, ...MECHANISM_NAMES.map((name) => MECHANISMS[name].natives ?? {})].flatMap(Object.entries),
);
const RESOURCES: ReadonlyMap<string, OpenResource> = new Map<string, OpenResource>([
  ...Object.entries(OTHER_RESOURCES).map(([type, row]) => [type, { ...row, mechanism: null }] as const),
  ...MECHANISM_NAMES.flatMap((mechanism) =>
    Object.entries(MECHANISMS[mechanism].resources ?? {}).map(
      ([type, row]) => [type, { ...row, mechanism }] as const,
    ),
  ),
]);

/** A type of open resource, and the mechanism whose members it counts; null if there is none. */
export interface OpenResource extends ResourceType {
  readonly mechanism: Mechanism | null;
}

/** By its name in `process.getActiveResourcesInfo()`. An unknown type is an operation that waits for the system. */
export function openResource(type: string): OpenResource {
  return RESOURCES.get(type) ?? { ...pending(type), mechanism: null };
}

/** Resources that each hold a file descriptor, and those that are connections. */
export const DESCRIPTOR_TYPES: readonly string[] = typesWith('hasDescriptor');
export const CONNECTION_TYPES: readonly string[] = typesWith('isConnection');

function typesWith(mark: 'hasDescriptor' | 'isConnection'): readonly string[] {
  return [...RESOURCES].filter(([, row]) => row[mark] === true).map(([type]) => type);
}

/** What Node's native objects of a heap class stand for, in the plural: `open TCP sockets`; null if they are not open handles. */
export function openNative(className: string): string | null {
  return NATIVES.get(nativeName(className)) ?? null;
}

const nativeName = (className: string): string =>
  className.startsWith(NATIVE) ? className.slice(NATIVE.length) : '';

/** The mechanism whose members have this heap class, by its name alone; null if there is none. */
export function mechanismOfClass(className: string): Mechanism | null {
  const isOf = ({ classes, natives = {} }: MechanismRow) =>
    classes?.test(className) === true || Object.hasOwn(natives, nativeName(className));
  return MECHANISM_NAMES.find((name) => isOf(MECHANISMS[name])) ?? null;
}

/** The mechanism of growth seen as a series of samples: of the resource counted, or the only one of its kind; null if no row has one. */
export function mechanismOfSeries(kind: FindingKind, type: string): Mechanism | null {
  if (kind === 'handles') return openResource(type).mechanism;
  const alike = MECHANISM_NAMES.filter((name) => MECHANISMS[name].kind === kind);
  return alike.length === 1 ? alike[0]! : null;
}

/** Whether each object of this class costs megabytes outside the heap, as a thread does. */
export function isHeavyClass(className: string): boolean {
  const mechanism = mechanismOfClass(className);
  return mechanism !== null && MECHANISMS[mechanism].heavy === true;
}

export const kindOf = (mechanism: Mechanism | null | undefined): FindingKind =>
  (mechanism == null ? null : MECHANISMS[mechanism].kind) ?? 'heap';
