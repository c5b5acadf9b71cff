import assert from 'node:assert/strict';
import { test } from 'node:test';
import { INPUTS, inputWords } from '../../src/http/schema/inputs.js';

const LONG = 'x'.repeat(501);

for (const [route, body, words] of [
  ['decide', { muted: true }, 'reason: is required'],
  ['decide', { muted: 'yes', reason: 'long enough' }, 'muted: takes true or false'],
  ['decide', { muted: true, reason: 5 }, 'reason: takes a text'],
  ['decide', { muted: true, reason: LONG }, 'reason: takes 500 characters at most'],
  ['decide', null, ': takes a JSON object'],
  ['scan', { captures: 7 }, 'captures: takes 6 at most'],
  ['scan', { captures: 0 }, 'captures: takes 1 or more'],
  ['scan', { captures: 1.5 }, 'captures: takes a whole number'],
  ['scan', { spacingSeconds: '9' }, 'spacingSeconds: takes a number'],
  ['countLive', { className: '' }, 'className: takes 1 character or more'],
  ['evaluate', { mode: 'write' }, 'mode: takes read-only or full'],
  ['evaluate', { end: false }, 'end: takes true'],
] as const)
  test(`A wrong body of ${route} is refused in words of our own: ${words}`, () => {
    const issue = INPUTS[route].body.safeParse(body, { error: inputWords }).error?.issues[0];
    assert.equal(`${issue?.path.join('.')}: ${issue?.message}`, words);
  });
