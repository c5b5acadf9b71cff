import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { withoutTexts } from '../../../src/heap/limits/without-texts.js';

describe('A script without its texts', () => {
  it('has blanks for comments and texts, and is as long as before', () => {
    for (const [script, blank] of [
      ['a; // b\nc;', 'a;     \nc;'],
      ['a; /* b\n c */ d;', 'a;     \n      d;'],
      ['a(\'b\', "c", `d\ne`);', 'a(   ,    ,   \n  );'],
      [String.raw`a('it\'s', 1);`, 'a(       , 1);'],
      ['const url = "http://x"; b;', 'const url =           ; b;'],
    ] as const)
      assert.equal(withoutTexts(script), blank);
  });

  it('is what is left where a comment or a text has no end', () => {
    assert.equal(withoutTexts("a; 'b\nc;"), 'a;   \nc;');
    assert.equal(withoutTexts('a; /* b'), 'a;     ');
    assert.equal(withoutTexts('a; `b\nc'), 'a;   \n ');
  });
});
