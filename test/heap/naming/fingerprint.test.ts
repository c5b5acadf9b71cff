import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { fingerprint } from '../../../src/heap/naming/fingerprint.js';
import type { RetainerStep } from '../../../src/heap/naming/retainer-step.js';

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

  it('does not depend on how the variable was reached, or on internal steps', () => {
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

  it('differs with the file and the variable, not with the class of the members', () => {
    const of = (file: string, variable: string, className: string) =>
      fingerprint([
        step('root', 'module scope', file),
        step('variable', variable, 'Map'),
        step('entry', 'entries', className),
      ]);
    const one = of('foo/index.js', 'x', 'A');
    assert.equal(of('foo/index.js', 'x', 'B'), one);
    assert.equal(new Set([one, of('bar/index.js', 'x', 'A'), of('foo/index.js', 'y', 'A')]).size, 3);
  });
});
