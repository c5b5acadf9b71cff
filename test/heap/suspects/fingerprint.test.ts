import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { fingerprint } from '../../../src/heap/suspects/fingerprint.js';
import type { RetainerStep } from '../../../src/heap/suspects/suspect.js';

const step = (edgeType: RetainerStep['edgeType'], edge: string, node: string): RetainerStep => ({
  edge,
  edgeType,
  node,
  nodeType: 'object',
});
const TAIL = [step('variable', 'cache', 'Map'), step('entry', 'entries', 'Session')];

describe('the fingerprint', () => {
  it('is lw- and 16 hexadecimal digits', () => {
    assert.match(fingerprint(TAIL), /^lw-[0-9a-f]{16}$/);
  });

  it('does not depend on folders, on how the variable was reached, or on internal steps', () => {
    const one = fingerprint([step('root', 'module scope', 'app/store.js'), ...TAIL]);
    assert.equal(fingerprint([step('root', 'module scope', 'dist/store.js'), ...TAIL]), one);
    assert.equal(
      fingerprint([step('root', '', '(Global handles)'), step('property', 'handle', 'Layer'), ...TAIL]),
      fingerprint([
        step('root', '', 'Node / Environment'),
        ...TAIL.slice(0, 1),
        step('internal', 'x', 'Y'),
        TAIL[1]!,
      ]),
    );
  });

  it('differs with the file, the variable and the class', () => {
    const of = (file: string, variable: string, className: string) =>
      fingerprint([
        step('root', 'module scope', file),
        step('variable', variable, 'Map'),
        step('entry', 'entries', className),
      ]);
    const all = [of('a.js', 'x', 'A'), of('b.js', 'x', 'A'), of('a.js', 'y', 'A'), of('a.js', 'x', 'B')];
    assert.equal(new Set(all).size, 4);
  });
});
