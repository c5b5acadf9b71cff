import assert from 'node:assert/strict';
import { it } from 'node:test';
import { failureText, noteText } from '../../src/wording/analysis-text.js';

it('The words for a failed analysis give the cause and its figures', () => {
  assert.deepEqual(
    [
      failureText({ kind: 'cancelled' }),
      failureText({ kind: 'memory', neededBytes: 600e6, limitBytes: 500e6 }),
      failureText({ kind: 'format', message: 'The heap snapshot is not well formed at byte 7.' }),
      failureText({ kind: 'other-program' }),
      failureText({ kind: 'error', name: 'RangeError' }),
    ],
    [
      'The analysis was cancelled.',
      'The analysis needs at least 600 MB of memory, but only 500 MB are allowed.',
      'The heap snapshot is not well formed at byte 7.',
      'It is from a different program than the previous snapshot: they have no script in common.',
      'The analysis failed: RangeError.',
    ],
  );
});

it('The words for what an analysis left out count it', () => {
  assert.equal(
    noteText({ kind: 'paths-dropped', paths: 1200 }),
    'The series has no room for 1,200 small paths.',
  );
});
