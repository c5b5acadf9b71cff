import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { shortestPaths } from '../../../src/heap/graph/shortest-path.js';
import { parseSnapshot } from '../../../src/heap/snapshot/snapshot-parser.js';
import { drawHeap, inChunks } from '../../support/drawn-heap.js';

/** Names along the path to the node called `name`, from the root's child on. */
async function pathTo(name: string, drawing: string): Promise<string> {
  const snapshot = await parseSnapshot(inChunks(drawHeap(drawing)));
  const { parent } = shortestPaths(snapshot);
  const text = (node: number) => snapshot.strings.text(snapshot.nodeName[node]!);
  let node = Array.from(snapshot.nodeName.keys()).find((ordinal) => text(ordinal) === name) ?? -1;
  const names: string[] = [];
  for (; node > 0; node = parent[node]!) names.unshift(text(node));
  return names.join(' > ');
}

describe('shortest paths', () => {
  it('go through the global object rather than a shorter path through V8', async () => {
    const path = await pathTo(
      'Target',
      `
      roots: synthetic "(GC roots)" 0
      handles: synthetic "(Handle scope)" 0
      global: object global
      app: object App
      target: object Target
      root -element 1-> roots
      root -shortcut 2-> global
      roots -element 1-> handles
      handles -internal 1-> target
      global -property app-> app
      app -property target-> target
    `,
    );
    assert.equal(path, 'global > App > Target');
  });

  it("go through this package's modules only if nothing else leads there", async () => {
    const ours = new URL('../../../src/capture/large-collections.js', import.meta.url).href;
    const drawing = `
      native: hidden "system / NativeContext"
      global: object global
      app: object App
      long: object Long
      target: object Target
      only: object Only
      scope: object "system / Context"
      info: code "system / ScopeInfo"
      find: closure find
      shared: code find
      script: code "${ours}"
      root -shortcut 1-> global
      global -property app-> app
      app -property long-> long
      long -property target-> target
      root -internal 1-> find
      find -internal context-> scope
      find -internal shared-> shared
      shared -internal script-> script
      scope -internal previous-> native
      scope -internal scope_info-> info
      scope -context cache-> target
      scope -context only-> only
    `;
    assert.equal(await pathTo('Target', drawing), 'global > App > Long > Target');
    assert.equal(await pathTo('Only', drawing), 'system / Context > Only');
  });

  it('find the global object behind the native context of newer versions', async () => {
    const path = await pathTo(
      'App',
      `
      native: hidden "system / NativeContext"
      global: object "global (global*)"
      app: object App
      root -shortcut 1-> native
      native -internal global_object-> global
      global -property app-> app
    `,
    );
    assert.equal(path, 'global (global*) > App');
  });

  it('never follow a weak edge', async () => {
    const drawing = `
      global: object global
      long: object Long
      target: object Target
      root -shortcut 1-> global
      global -weak 1-> target
      global -property long-> long
      long -property target-> target
    `;
    assert.equal(await pathTo('Target', drawing), 'global > Long > Target');
  });

  it('reach the value of a WeakMap through its key, not through the table', async () => {
    const pair = 'part of key (Key @1) -> value (Value @3) pair in WeakMap (table @5)';
    const drawing = `
      global: object global
      map: object WeakMap
      table: array ""
      holder: object Holder
      inner: object Inner
      key: object Key
      value: object Value
      root -shortcut 1-> global
      global -property map-> map
      map -internal table-> table
      table -internal 3 / ${pair}-> value
      table -weak 3-> key
      global -property holder-> holder
      holder -property inner-> inner
      inner -property key-> key
      key -internal 4 / ${pair}-> value
    `;
    assert.equal(await pathTo('Value', drawing), 'global > Holder > Inner > Key > Value');
  });

  it('treat a module of the program as a root, but not one of Node', async () => {
    const module = (script: string) => `
      roots: synthetic "(GC roots)" 0
      handles: synthetic "(Global handles)" 0
      native: hidden "system / NativeContext"
      handler: closure handler
      context: object "system / Context"
      shared: code shared
      script: code "${script}"
      target: object Target
      root -element 1-> roots
      roots -element 1-> handles
      handles -internal 1-> handler
      handler -internal context-> context
      handler -internal shared-> shared
      shared -internal script-> script
      info: code "system / ScopeInfo"
      context -internal previous-> native
      context -internal scope_info-> info
      context -context target-> target
    `;
    assert.equal(await pathTo('Target', module('file:///srv/app.js')), 'system / Context > Target');
    assert.equal(
      await pathTo('Target', module('node:internal/timers')),
      '(Global handles) > handler > system / Context > Target',
    );
  });
});
