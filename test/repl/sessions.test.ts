import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ReplSessions, type SessionOrder } from '../../src/repl/sessions.js';
import { ManualClock } from '../support/manual-clock.js';

const REASON = 'sessions grow since noon';
const MINUTE_MS = 60_000;
let requests = 0;
const order = (changes: Partial<SessionOrder> = {}): SessionOrder => {
  requests += 1;
  return { principal: 'token-1', mayFull: true, requestId: `request ${requests}`, ...changes };
};

function open(mode: 'read-only' | 'full' = 'full') {
  const clock = new ManualClock();
  return { clock, sessions: new ReplSessions(clock, mode, (id) => ({ id })) };
}

function idOf(used: object): string {
  assert.ok('id' in used, JSON.stringify(used));
  return String(used.id);
}

function refusal(used: object): string {
  assert.ok('refused' in used, JSON.stringify(used));
  return 'field' in used ? `${used.refused} ${used.field}` : String(used.refused);
}

describe('Sessions of expressions', () => {
  it('are opened with a reason, and named after the request that opened them', () => {
    const { sessions } = open();
    assert.equal(refusal(sessions.use(order())), 'input reason');
    const id = idOf(sessions.use(order({ reason: REASON, requestId: 'the first' })));
    assert.equal(id, 'the first');
    assert.equal(idOf(sessions.use(order({ session: id }))), id);
  });

  it('belong to the client that opened them', () => {
    const { sessions } = open();
    const session = idOf(sessions.use(order({ reason: REASON })));
    assert.equal(refusal(sessions.use(order({ session, principal: 'token-2' }))), 'input session');
    assert.equal(refusal(sessions.use(order({ session: 'made up' }))), 'input session');
  });

  it('end after 50 commands', () => {
    const { sessions } = open();
    const session = idOf(sessions.use(order({ reason: REASON })));
    for (let at = 1; at < 50; at += 1) idOf(sessions.use(order({ session })));
    assert.equal(refusal(sessions.use(order({ session }))), 'input session');
  });

  it('end after ten minutes without a command, and not before', () => {
    const { clock, sessions } = open();
    const session = idOf(sessions.use(order({ reason: REASON })));
    for (let at = 0; at < 3; at += 1) {
      clock.advance(10 * MINUTE_MS - 1);
      idOf(sessions.use(order({ session })));
    }
    clock.advance(10 * MINUTE_MS);
    assert.equal(refusal(sessions.use(order({ session }))), 'input session');
  });

  it('are three at most: a client gives up its own oldest one, never one of another client', () => {
    const { clock, sessions } = open();
    const ids = ['a', 'b', 'c'].map((principal) => {
      clock.advance(1000);
      return idOf(sessions.use(order({ principal, reason: REASON })));
    });
    const fourth = sessions.use(order({ principal: 'd', reason: REASON }));
    assert.equal(refusal(fourth), 'sessions');
    assert.ok('retryAfterMs' in fourth && fourth.retryAfterMs === 10 * MINUTE_MS - 2000);
    idOf(sessions.use(order({ principal: 'b', reason: REASON })));
    assert.equal(refusal(sessions.use(order({ principal: 'b', session: ids[1] }))), 'input session');
    assert.equal(idOf(sessions.use(order({ principal: 'a', session: ids[0] }))), ids[0]);
  });

  it('end when their client is done with them', () => {
    const { sessions } = open();
    const session = idOf(sessions.use(order({ reason: REASON })));
    assert.equal(refusal(sessions.end(order({ principal: 'b', session }))), 'input session');
    assert.equal(idOf(sessions.end(order({ session }))), session);
    assert.equal(refusal(sessions.use(order({ session }))), 'input session');
  });

  it('of a client with several make room for another client, the oldest first', () => {
    const { clock, sessions } = open();
    const ids = ['a', 'b', 'b'].map((principal) => {
      clock.advance(1000);
      return idOf(sessions.use(order({ principal, reason: REASON })));
    });
    idOf(sessions.use(order({ principal: 'c', reason: REASON })));
    assert.equal(refusal(sessions.use(order({ principal: 'b', session: ids[1] }))), 'input session');
    assert.equal(idOf(sessions.use(order({ principal: 'a', session: ids[0] }))), ids[0]);
    assert.equal(idOf(sessions.use(order({ principal: 'b', session: ids[2] }))), ids[2]);
    assert.equal(refusal(sessions.use(order({ principal: 'd', reason: REASON }))), 'sessions');
  });

  it('of the mode full need the option, the scope and a second reason of their own', () => {
    const full = { mode: 'full', reason: REASON } as const;
    assert.equal(refusal(open('read-only').sessions.use(order(full))), 'input mode');
    const { sessions } = open();
    assert.equal(refusal(sessions.use(order({ ...full, mayFull: false }))), 'scope');
    assert.equal(refusal(sessions.use(order(full))), 'input secondReason');
    assert.equal(refusal(sessions.use(order({ ...full, secondReason: REASON }))), 'input secondReason');
    const session = idOf(sessions.use(order({ ...full, secondReason: 'the cache must be emptied' })));
    assert.equal(refusal(sessions.use(order({ session, mayFull: false }))), 'scope');
    assert.equal(refusal(sessions.use(order({ session, mode: 'read-only' }))), 'input mode');
    idOf(sessions.use(order({ session, mode: 'full' })));
  });
});
