import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { CopyEnd, CopyJob } from '../../src/capture/copy-jobs.js';
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
import { copies, noCopies } from './copies.js';

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
    limits: { runMs: 20_000, copyMs: 20_000, waitMs: 20_000 },
    // How long a fork takes depends on the machine.
    copies: { run: async (job) => withPause(await copies.run(job), 0) },
    findings: () => report().findings,
    headroomBytes: () => 1e9,
    ...changes,
  });
}

function withPause(end: CopyEnd, pausedMs: number): CopyEnd {
  return end.ended === 'refused' ? end : { ...end, pausedMs };
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

describe('Expressions', { skip: noCopies }, () => {
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

  for (const [mode, times] of [
    ['read-only', 9],
    ['full', 49],
  ] as const) {
    it(`rest after one of the mode ${mode} that was ended, for ${times} times as long as it ran`, async () => {
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
      const expressions = expressionsWith({
        clock: moving,
        limits: { runMs: 50, copyMs: 50, waitMs: 20_000 },
      });
      const full = mode === 'full' ? { mode, secondReason: 'to end it in the service' } : {};
      const expression = '(() => { for (;;); })()';
      const ended = answerOf(await expressions.evaluate(order({ ...full, expression })));
      assert.equal(ended.outcome, 'timeout');
      const session = ended.session.id;
      const refused = await expressions.evaluate(order({ session }));
      assert.ok('refused' in refused && refused.refused === 'busy');
      assert.match(refused.reason, mode === 'full' ? /stopped the service/ : /in its copy/);
      assert.ok(refused.retryAfterMs > (times - 4) * ended.elapsedMs);
      assert.ok(refused.retryAfterMs <= times * ended.elapsedMs);
      clock.advance(times * ended.elapsedMs);
      answerOf(await expressions.evaluate(order({ session, expression: '1 +' })));
    });
  }

  it('rest for 9 times as long as the fork of a copy stopped the service', async () => {
    const clock = new ManualClock();
    const slow = { run: async (job: CopyJob) => withPause(await copies.run(job), 30) };
    const expressions = expressionsWith({ clock, copies: slow });
    const { session } = answerOf(await expressions.evaluate(order()));
    const refused = await expressions.evaluate(order({ session: session.id }));
    assert.ok('refused' in refused && refused.refused === 'busy');
    assert.equal(refused.retryAfterMs, 270);
    clock.advance(270);
    answerOf(await expressions.evaluate(order({ session: session.id })));
  });

  for (const [why, refused, words] of [
    [{ cause: 'no-addon', reason: 'the addon was not built' }, 'unsafe', /not possible here: the addon/],
    [
      { cause: 'pause', predictedMs: 1400, heapBytes: 11e9, limitMs: 1000 },
      'unsafe',
      /1\.4 s .*11\.0 GB.*1\.0 s/,
    ],
    [{ cause: 'memory', availableBytes: 50e6, neededBytes: 64e6 }, 'unsafe', /50\.0 MB .*64\.0 MB/],
    [{ cause: 'capturing' }, 'busy', /A capture has its copy/],
  ] as const) {
    it(`of the mode read-only are refused where there is no copy: ${why.cause}`, async () => {
      const outcome = await expressionsWith({
        copies: { run: async () => ({ ended: 'refused', why }) },
      }).evaluate(order());
      assert.ok('refused' in outcome && outcome.refused === refused && 'reason' in outcome);
      assert.match(outcome.reason, words);
    });
  }

  it('of the mode full need no copy', async () => {
    const why = { cause: 'no-addon', reason: 'the addon was not built' } as const;
    const expressions = expressionsWith({ copies: { run: async () => ({ ended: 'refused', why }) } });
    const full = { mode: 'full', secondReason: 'there is no addon here' } as const;
    assert.equal(answerOf(await expressions.evaluate(order(full))).preview, '2');
  });

  for (const text of [
    '',
    '{}',
    '{"outcome":"value"}',
    '{"outcome":"value","preview":{"word":1}}',
    '{"outcome":"value","preview":{"className":"A","size":null,"isList":false,"members":[{"key":null}],"more":0}}',
  ]) {
    it(`do not trust what a copy writes: ${text}`, async () => {
      const lying = { run: async () => ({ ended: 'result', text, pausedMs: 0 }) as const };
      const answer = answerOf(await expressionsWith({ copies: lying }).evaluate(order()));
      assert.deepEqual([answer.outcome, answer.preview], ['failed', null]);
      assert.notEqual(answer.reason, null);
    });
  }

  it('need a text, unless their session is ended, which needs none', async () => {
    const expressions = expressionsWith();
    const refusedField = async (changes: Partial<ExpressionOrder>) => {
      const outcome = await expressions.evaluate(order(changes));
      assert.ok('field' in outcome, JSON.stringify(outcome));
      return outcome.field;
    };
    const { id } = answerOf(await expressions.evaluate(order())).session;
    assert.equal(await refusedField({ session: id, expression: undefined }), 'expression');
    assert.equal(await refusedField({ session: id, end: true }), 'end');
    const end = order({ session: id, end: true, expression: undefined });
    const ended = answerOf(await expressions.evaluate(end));
    assert.deepEqual([ended.outcome, ended.session.id, ended.session.commandsLeft], ['done', id, 0]);
    assert.equal(await refusedField({ session: id }), 'session');
  });

  it('are refused while the heap is close to its limit', async () => {
    const outcome = await expressionsWith({ headroomBytes: () => 63e6 }).evaluate(order());
    assert.ok('refused' in outcome && outcome.refused === 'unsafe');
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
