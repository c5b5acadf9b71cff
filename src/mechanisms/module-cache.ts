import type { PathStep } from './path-names.js';

/** Classes of Node's module loaders, and their tables that a program can reach as properties of `Module`. */
const LOADERS = new Set(['LoadCache', 'ResolveCache', 'ModuleLoader', 'ModuleJob', 'ModuleWrap']);
const LOADER_TABLES = new Set(['_pathCache', '_cache']);
const LOADER_SCRIPTS = 'node:internal/modules/';
/** Edges that lead into the tree of modules that loaded each other. */
const MODULE_ROOTS = new Set(['main', 'mainModule', '<symbol node:module_parent>']);

/** A module's children are the modules it loaded, including those that have left the cache. */
function isModuleTree(path: readonly PathStep[]): boolean {
  const at = path.findIndex(({ edge }, step) => edge === 'children' && path[step - 1]?.node === 'Module');
  const isRoot = ({ edge }: PathStep, step: number) =>
    MODULE_ROOTS.has(edge) || (edge === 'cache' && path[step - 1]?.node === 'require()');
  return path.slice(0, Math.max(0, at)).some(isRoot);
}

/** Whether a path leads through the caches in which Node keeps every module that was ever loaded. */
export function isModuleCache(path: readonly PathStep[]): boolean {
  const last = path.at(-1);
  const isLoader = ({ node, edge, edgeType }: PathStep, at: number) =>
    LOADERS.has(node) ||
    (LOADER_TABLES.has(edge) && (edgeType === 'variable' || path[at - 1]?.node === 'Module()'));
  return (
    path.some(isLoader) ||
    path[0]?.node.startsWith(LOADER_SCRIPTS) === true ||
    isModuleTree(path) ||
    (last?.node === 'Module' && last.edgeType === 'entry')
  );
}
