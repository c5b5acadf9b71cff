import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ExposedRoots } from '../../src/repl/exposed-roots.js';
import {
  type ExpressionAnswer,
  type ExpressionOrder,
  type ExpressionOutcome,
  Expressions,
  type ExpressionsParts,
} from '../../src/repl/expressions.js';
import { report } from '../report/report-fixture.js';
import { ManualClock } from '../support/manual-clock.js';

const REASON = 'orders grow since noon';
class OrderHistory {
  readonly byCustomer = new Map([['a', 1]]);
}

function expressionsWith(changes: Partial<ExpressionsParts> = {}): Expressions {
  return new Expressions({
    clock: new ManualClock(),
    roots: new ExposedRoots(),
    mode: 'full',
    environment: {},
    limits: { runMs: 20_000, waitMs: 20_000 },
    findings: () => report().findings,
    headroomBytes: () => 1e9,
    ...changes,
  });
}

let requests = 0;
const order = (changes: Partial<ExpressionOrder> = {}): ExpressionOrder => {
  requests += 1;
  return {
    principal: 'a',
    mayFull: true,
    requestId: `r${requests}`,
    expression: '1 + 1',
    reason: REASON,
    ...changes,
  };
};

function answerOf(outcome: ExpressionOutcome): ExpressionAnswer {
  assert.ok('answer' in outcome, JSON.stringify(outcome));
  return outcome.answer;
}

describe('Expressions', () => {
  it('run one at a time', async () => {
    const roots = new ExposedRoots();
    let finish = () => {};
    roots.expose(
      'gate',
      () =>
        new Promise<void>((resolve) => {
          finish = resolve;
        }),
    );
    const expressions = expressionsWith({ roots });
    const full = { mode: 'full', secondReason: 'to wait for the gate' } as const;
    const first = expressions.evaluate(order({ ...full, expression: 'await gate, 1' }));
    const second = await expressions.evaluate(order());
    assert.ok('refused' in second && second.refused === 'busy');
    finish();
    assert.equal(answerOf(await first).preview, '1');
    answerOf(await expressions.evaluate(order()));
  });

  it('rest after one that was ended, for 49 times as long as it ran', async () => {
    const clock = new ManualClock();
    // The expression itself takes no time on this clock: each reading moves it.
    const moving = {
      now: () => clock.now(),
      after: clock.after.bind(clock),
      monotonicMs() {
        clock.advance(100);
        return clock.monotonicMs();
      },
    };
    const expressions = expressionsWith({ clock: moving, limits: { runMs: 50, waitMs: 50 } });
    const ended = answerOf(await expressions.evaluate(order({ expression: '(() => { for (;;); })()' })));
    assert.equal(ended.outcome, 'timeout');
    const session = ended.session.id;
    const refused = await expressions.evaluate(order({ session }));
    assert.ok(
      'refused' in refused && refused.refused === 'busy' && refused.retryAfterMs > 45 * ended.elapsedMs,
    );
    clock.advance(49 * ended.elapsedMs);
    answerOf(await expressions.evaluate(order({ session })));
  });

  it('rest for 9 times as long as one stopped the service, and not for the time that one waited', async () => {
    const clock = new ManualClock();
    const roots = new ExposedRoots();
    let finish = () => {};
    // What is exposed is read as part of the expression; only this moves the clock.
    roots.expose('slow', () => clock.advance(30));
    roots.expose('gate', () => new Promise<void>((resolve) => (finish = resolve)));
    const expressions = expressionsWith({ clock, roots });
    for (const mode of ['read-only', 'full'] as const) {
      const modes = mode === 'full' ? { mode, secondReason: 'to wait for the gate' } : { mode };
      const { session } = answerOf(await expressions.evaluate(order({ ...modes, expression: 'slow' })));
      const refused = await expressions.evaluate(order({ session: session.id }));
      assert.ok('refused' in refused && refused.refused === 'busy');
      assert.equal(refused.retryAfterMs, 270, mode);
      clock.advance(270);
      answerOf(await expressions.evaluate(order({ session: session.id })));
      if (mode === 'read-only') continue;
      const waiting = expressions.evaluate(order({ session: session.id, expression: 'await gate' }));
      clock.advance(5_000);
      finish();
      assert.equal(answerOf(await waiting).elapsedMs, 5_000);
      answerOf(await expressions.evaluate(order({ session: session.id })));
    }
  });

  it('are refused while the heap is close to its limit', async () => {
    const outcome = await expressionsWith({ headroomBytes: () => 63e6 }).evaluate(order());
    assert.ok('refused' in outcome && outcome.refused === 'memory');
  });

  it('know the owner of the worst finding as $it, or of the one that the session chose', async () => {
    const roots = new ExposedRoots();
    const history = new OrderHistory();
    roots.expose('history', () => history);
    const expressions = expressionsWith({ roots });
    const worst = answerOf(await expressions.evaluate(order({ expression: '$it.size' })));
    assert.deepEqual([worst.preview, worst.it?.via, worst.it?.reason], ['1', 'history', null]);
    const session = worst.session.id;
    const unknown = answerOf(
      await expressions.evaluate(order({ session, expression: '$it', finding: 'lw-0000000000000000' })),
    );
    assert.equal(unknown.preview, 'undefined');
    assert.ok(unknown.it?.via === null && unknown.it.reason !== null);
    assert.equal(answerOf(await expressions.evaluate(order({ session, expression: '1' }))).it, null);
    const hidden = answerOf(await expressionsWith().evaluate(order({ expression: '$it' })));
    assert.ok(hidden.it?.finding === report().findings[0]!.id && hidden.it.reason !== null);
  });

  it('that name a secret show no text', async () => {
    const roots = new ExposedRoots();
    roots.expose('user', () => ({ password: 'hunter2', name: 'ann' }));
    const expressions = expressionsWith({ roots });
    const answer = answerOf(await expressions.evaluate(order({ expression: 'user.password' })));
    assert.equal(answer.preview, '[redacted]');
    const session = answer.session.id;
    assert.equal(
      answerOf(await expressions.evaluate(order({ session, expression: 'user.name' }))).preview,
      '"ann"',
    );
    const syntax = answerOf(await expressions.evaluate(order({ session, expression: '1 +' })));
    assert.ok(syntax.outcome === 'syntax' && syntax.reason !== null);
  });
});
