import type { Mechanism } from '../../mechanisms/mechanisms.js';
import { BUFFERS } from '../growth/accumulation.js';
import { ASYNC_STORE, REACTIONS, WEAK_VALUE } from '../growth/path-tree.js';
import { TIMERS_LIST } from '../growth/timer-callback.js';
import { isHandlePath, isProcess, isSocket, isWatcher, isWorker } from './open-handle.js';
import { EMITTER_LISTENERS, TARGET_LISTENERS } from './owner.js';
import type { RetainerStep } from './retainer-step.js';

/** How V8 joins the two halves of a string that was put together. */
const HALVES = new Set(['first', 'second']);
export const NUMBERS = 'number';

/** Classes of Node's loaders of modules. */
const LOADERS = new Set(['LoadCache', 'ResolveCache', 'ModuleLoader', 'ModuleJob', 'ModuleWrap']);
/** Tables of theirs that the program can reach, too: properties of `Module`. */
const LOADER_TABLES = new Set(['_pathCache', '_cache']);
const MODULE = 'Module()';
const REQUIRE = 'require()';
const LOADER_SCRIPTS = 'node:internal/modules/';

/** Where the tree of the modules that loaded each other is entered. */
const MODULE_ROOTS = new Set(['main', 'mainModule', '<symbol node:module_parent>']);

/** The modules that a module loaded are its children, also those that are no longer in the cache. */
function isModuleTree(path: readonly RetainerStep[]): boolean {
  const at = path.findIndex(({ edge }, step) => edge === 'children' && path[step - 1]?.node === 'Module');
  return path
    .slice(0, Math.max(0, at))
    .some(
      ({ edge }, step) => MODULE_ROOTS.has(edge) || (edge === 'cache' && path[step - 1]?.node === REQUIRE),
    );
}

/** Whether a path leads through the caches in which Node keeps every module that was ever loaded. */
export function isModuleCache(path: readonly RetainerStep[]): boolean {
  return (
    path.some(
      ({ node, edge, edgeType }, at) =>
        LOADERS.has(node) ||
        (LOADER_TABLES.has(edge) && (edgeType === 'variable' || path[at - 1]?.node === MODULE)),
    ) ||
    path[0]?.node.startsWith(LOADER_SCRIPTS) === true ||
    isModuleTree(path) ||
    (path.at(-1)?.node === 'Module' && path.at(-1)?.edgeType === 'entry')
  );
}

/** One half of a string that was put together of two. */
export const isHalf = ({ edge, edgeType }: RetainerStep): boolean =>
  edgeType === 'internal' && HALVES.has(edge);

/** What was seen of the members besides their path. */
export interface MemberFacts {
  /** They are strings cut out of larger ones. */
  readonly sliced: boolean;
  /** They became larger, not more. */
  readonly grownWhole: boolean;
  /** Each keeps a context of `node:vm`. */
  readonly withContexts: boolean;
}

/** How the members of a path are held; null where that has no name of its own. */
export function mechanismOf(
  path: readonly RetainerStep[],
  { sliced, grownWhole, withContexts }: MemberFacts,
): Mechanism | null {
  const member = path.at(-1);
  const holder = path.at(-2);
  if (member === undefined) return null;
  const isHandle = isHandlePath(path);
  if (isHandle && isSocket(member.node)) return 'sockets';
  if (isHandle && isWatcher(member.node)) return 'watchers';
  if (isHandle && isWorker(member.node)) return 'worker threads';
  if (isHandle && isProcess(member.node)) return 'child processes';
  if (holder?.node === TIMERS_LIST) return 'timers';
  if (member.edge === REACTIONS) return 'promise reactions';
  const tail = path.slice(-4);
  if (tail.some(({ edge }) => edge === EMITTER_LISTENERS || edge === TARGET_LISTENERS))
    return 'event listeners';
  if (isModuleCache(path)) return 'module cache';
  if (path.some(({ edge }) => edge === ASYNC_STORE)) return 'async store';
  if (path.some(({ edge }) => edge === WEAK_VALUE)) return 'weak map';
  if (member.node === 'string' && (grownWhole || isHalf(member))) return 'concatenated string';
  if (sliced) return 'sliced strings';
  if (member.node === NUMBERS) return 'numbers';
  if (BUFFERS.test(member.node)) return 'buffers';
  if (withContexts) return 'contexts';
  if (isSocket(member.node)) return 'sockets';
  if (isWatcher(member.node)) return 'watchers';
  if (isWorker(member.node)) return 'worker threads';
  if (isProcess(member.node)) return 'child processes';
  const isRun = member.edgeType === 'property' || member.edgeType === 'variable';
  if (!isRun || member.node !== holder?.node) return null;
  return member.nodeType === 'closure' ? 'closure chain' : 'linked list';
}
