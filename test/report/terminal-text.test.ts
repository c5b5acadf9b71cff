import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { terminalText } from '../../src/report/terminal-text.js';
import { ACTIVE_CHARACTERS, LONE_SURROGATE } from './report-fixture.js';

test('what a terminal acts on is shown as an escape', () => {
  assert.equal(terminalText('\x1b[31mRed', 50), '\\x1b[31mRed');
  assert.equal(terminalText('a\r\nb', 50), 'a\\x0d\\x0ab');
  assert.equal(terminalText('x\u202ey', 50), 'x\\u202ey');
  assert.equal(terminalText('tag \u{e0041}', 50), 'tag \\u{e0041}');
  assert.equal(terminalText('\ud800', 50), '\\ud800');
});

test('names in any script stay as they are', () => {
  for (const name of ['Bestellübersicht', '注文履歴', 'e\u0301te\u0301', '🧺Basket', 'a › b']) {
    assert.equal(terminalText(name, 50), name);
  }
});

test('marks do not pile up over other lines', () => {
  assert.equal(terminalText(`Z${'\u0301'.repeat(30)}`, 50), `Z${'\u0301'.repeat(4)}`);
});

test('a long text is cut, says so, and never ends in half a character', () => {
  assert.equal(terminalText('abcdef', 6), 'abcdef');
  assert.equal(terminalText('abcdefg', 6), 'abcde…');
  assert.equal(terminalText('abcd🧺🧺', 6), 'abcd…');
});

test('any text becomes one harmless line of the length asked for', () => {
  const anyUnits = fc.array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 60 });
  fc.assert(
    fc.property(anyUnits, fc.integer({ min: 1, max: 40 }), (units, maxLength) => {
      const text = terminalText(String.fromCharCode(...units), maxLength);
      assert.ok(text.length <= maxLength);
      assert.doesNotMatch(text, ACTIVE_CHARACTERS);
      assert.doesNotMatch(text, /\n/);
      assert.doesNotMatch(text, LONE_SURROGATE);
    }),
  );
});
