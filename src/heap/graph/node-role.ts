import { memo } from '../../runtime/memo.js';
import { type HeapSnapshot, NODE } from '../snapshot/heap-snapshot.js';

/** What a node means to a JavaScript developer. */
export const ROLE = {
  /** An object, string or function of the program or of Node. */
  value: 0,
  /** A table or store with which V8 implements the object that holds it; folded into that object. */
  part: 1,
  /** A number or one of true, false, null, undefined: never a member of anything. */
  leaf: 2,
  /** V8's internals: maps, code, feedback, scripts, templates. */
  internal: 3,
  /** A heading of V8's list of roots, or the list itself. */
  root: 4,
} as const;
type Role = (typeof ROLE)[keyof typeof ROLE];

/** V8's hidden objects that link two objects of the program; all other hidden objects are V8's internals. */
const PARTS = new RegExp(
  `^system / (${[
    'PropertyArray',
    'PropertyCell',
    'Cell',
    'ContextCell',
    'AccessorPair',
    'PromiseReaction.*',
    'Promise.*Task',
    'CallableTask',
    'CallbackTask',
    'SourceTextModule',
    'SyntheticModule',
    'WeakCell',
    'AsyncGeneratorRequest',
    'JSProxy',
    'Tuple2',
    'FixedArray',
    'FixedDoubleArray',
    '.*HashTable',
    '.*Dictionary',
    'ErrorStackData',
    'CallSiteInfo',
    'StackFrameInfo',
  ].join('|')})$`,
);
const LEAVES = /^(system \/ (Oddball|Hole|WasmNull)|undefined|null|true|false)$/;
const CONTEXT = /^system \/ \w*Context$/;

/** The Map with which newer Node versions pass on the stores of AsyncLocalStorage; only the stores matter. */
export const ASYNC_FRAME = 'AsyncContextFrame';

/** NodeOrdinal → ROLE. */
export function nodeRoles(snapshot: HeapSnapshot): Uint8Array {
  const { nodeCount, nodeType, nodeName, strings } = snapshot;
  const roles = new Uint8Array(nodeCount);
  const hidden = memo((name: number) => hiddenRole(strings.text(name)));
  const object = memo((name: number) => objectRole(strings.text(name)));
  for (let node = 0; node < nodeCount; node++) {
    const type = nodeType[node]!;
    if (type === NODE.array) roles[node] = ROLE.part;
    else if (type === NODE.code || type === NODE['object shape']) roles[node] = ROLE.internal;
    else if (type === NODE.number) roles[node] = ROLE.leaf;
    else if (type === NODE.synthetic) roles[node] = ROLE.root;
    else if (type === NODE.hidden) roles[node] = hidden(nodeName[node]!);
    else if (type === NODE.object) roles[node] = object(nodeName[node]!);
  }
  return roles;
}

function hiddenRole(name: string): Role {
  if (LEAVES.test(name)) return ROLE.leaf;
  return PARTS.test(name) || isContextName(name) ? ROLE.part : ROLE.internal;
}

function objectRole(name: string): Role {
  return name.startsWith('system / ') || name === ASYNC_FRAME ? ROLE.part : ROLE.value;
}

/** Contexts hold closure variables; the native context is internal to V8. */
export function isContextName(name: string): boolean {
  return CONTEXT.test(name) && name !== 'system / NativeContext';
}
