import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { findScopes } from '../../../src/heap/graph/scopes.js';
import { parseSnapshot } from '../../../src/heap/snapshot/snapshot-parser.js';
import { drawHeap, inChunks } from '../../support/drawn-heap.js';

/** A module's context with a closure in it, and a function's context within. */
const module = (id: string, address: string, scope = id) => `
  outer${id}: object "system / Context"
  inner${id}: object "system / Context"
  f${id}: closure handle${id}
  shared${id}: code handle${id}
  script${id}: code "${address}"
  innerInfo${scope}${id}: code "system / ScopeInfo"
  outerInfo${id}: code "system / ScopeInfo"
  root -internal 1-> f${id}
  f${id} -internal context-> inner${id}
  f${id} -internal shared-> shared${id}
  shared${id} -internal script-> script${id}
  inner${id} -internal scope_info-> innerInfo${scope}${id}
  inner${id} -internal previous-> outer${id}
  outer${id} -internal scope_info-> outerInfo${id}
  outer${id} -internal previous-> native
`;

async function scopesOf(drawing: string) {
  const snapshot = await parseSnapshot(
    inChunks(drawHeap(`native: hidden "system / NativeContext"\n${drawing}`)),
  );
  const scopes = findScopes(snapshot);
  const text = (index: number) => (index < 0 ? null : snapshot.strings.text(index));
  return [...scopes.isContext.keys()]
    .filter((node) => scopes.isContext[node] === 1)
    .map((node) => ({
      script: text(scopes.script[node]!),
      closure: scopes.closure[node]! < 0 ? null : text(snapshot.nodeName[scopes.closure[node]!]!),
      single: scopes.single[node] === 1,
      outermost: scopes.outermost[node] === 1,
    }));
}

describe('scopes', () => {
  it('get their script from a closure created in them, and so do the scopes around them', async () => {
    assert.deepEqual(await scopesOf(module('A', 'file:///srv/app.js')), [
      { script: 'file:///srv/app.js', closure: null, single: true, outermost: true },
      { script: 'file:///srv/app.js', closure: 'handleA', single: true, outermost: false },
    ]);
  });

  it('exist once only if the module does: not if it was loaded again with a query', async () => {
    const twice = (first: string, second: string) => scopesOf(`${module('A', first)}${module('B', second)}`);
    const reloaded = await twice('file:///srv/view.js?v=1', 'file:///srv/view.js?v=2');
    assert.deepEqual(
      reloaded.map(({ single }) => single),
      [false, false, false, false],
    );
    const different = await twice('file:///srv/a.js', 'file:///srv/b.js');
    assert.ok(different.every(({ single }) => single));
  });
});
