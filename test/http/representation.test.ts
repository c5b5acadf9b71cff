import assert from 'node:assert/strict';
import type { IncomingMessage } from 'node:http';
import { describe, test } from 'node:test';
import { createSteadyReport, negotiated, presentedFinding } from '../../src/http/representation.js';
import { renderJson } from '../../src/report/json.js';
import { buildReport, type ReportInput, reportedFinding, timedFinding } from '../../src/report/report.js';
import { renderReport, renderWithSeries } from '../../src/report/text.js';
import { finding, HOSTILE_NAMES, reportInput } from '../report/report-fixture.js';

const asking = (headers: Readonly<Record<string, string>> = {}) =>
  ({ headers }) as unknown as IncomingMessage;
const bodyOf = (input: ReportInput, accept = 'application/json') =>
  String(negotiated(asking({ accept }), createSteadyReport()(input)).body);
const tagOf = (input: ReportInput) => negotiated(asking(), createSteadyReport()(input)).headers['ETag'];

const { secondsToLimit: _, ...withoutTime } = finding();

const INPUTS: Readonly<Record<string, ReportInput>> = {
  'no finding': reportInput({ findings: [] }),
  'one finding': reportInput(),
  'names that act on readers': reportInput({
    findings: Object.values(HOSTILE_NAMES).map((className) =>
      finding({ className, title: `…${className}é` }),
    ),
  }),
  'times to the limit': reportInput({
    findings: [60, null, Infinity, 0.1, -0].map((seconds) => timedFinding(finding(), seconds)),
  }),
  'the time first, and the time last': reportInput({
    findings: [
      { secondsToLimit: 7, ...withoutTime },
      { ...withoutTime, secondsToLimit: 7 },
    ],
  }),
  'figures that are not finite': reportInput({
    findings: [finding({ secondsToLimit: Infinity }), finding({ confidence: Number.NaN })],
  }),
  'more findings, longer texts and lists than a report has': reportInput({
    findings: Array.from({ length: 120 }, (_, at) =>
      finding({ id: `lw-${at}`, title: 'x'.repeat(600), fields: Array.from({ length: 300 }, String) }),
    ),
  }),
};

describe('A report that is sent', () => {
  for (const [what, input] of Object.entries(INPUTS)) {
    test(`with ${what} has the bytes of the report in one piece, also when it is sent again`, () => {
      const expected = `${renderJson(buildReport(input))}\n`;
      assert.equal(bodyOf(input), expected);
      assert.equal(bodyOf(input), expected);
      assert.equal(bodyOf(input, 'text/plain'), renderReport(buildReport(input)));
    });
  }

  test('makes the JSON of a finding once, until that is another one', () => {
    let made = 0;
    const { title: __, ...rest } = finding();
    const counted = () => ({
      ...rest,
      get title() {
        made += 1;
        return 'counted';
      },
    });
    const [one, other] = [counted(), counted()];
    for (let count = 0; count < 3; count++) bodyOf(reportInput({ findings: [one, other] }));
    assert.equal(made, 2);
    bodyOf(reportInput({ findings: [one, counted()] }));
    assert.equal(made, 3);
    // Copying reads it as well.
    const later = [timedFinding(one, 60), timedFinding(timedFinding(one, 61), 62)];
    made = 0;
    assert.match(bodyOf(reportInput({ findings: later })), /"secondsToLimit":60,?.*"secondsToLimit":62[,}]/s);
    assert.equal(made, 0);
  });

  test('has another tag if the order, the number or the content of its findings is another', () => {
    const [one, other] = [finding({ id: 'lw-1' }), finding({ id: 'lw-2' })];
    const lists = [
      [],
      [one],
      [other],
      [one, other],
      [other, one],
      [{ ...one, confidence: 0.5 }],
      [timedFinding(one, 9)],
    ];
    const tags = lists.map((findings) => tagOf(reportInput({ findings })));
    assert.equal(new Set(tags).size, lists.length);
    assert.equal(tagOf(reportInput({ findings: [{ ...one }] })), tags[1], 'equal content');
  });
});

test('One finding has the bytes that it has in the report, and its text has another tag when figures of the report change', () => {
  const input = INPUTS['names that act on readers']!;
  for (const one of input.findings) {
    const json = negotiated(asking(), presentedFinding(one, input));
    assert.equal(String(json.body), `${renderJson(reportedFinding(one))}\n`);
    assert.ok(bodyOf(input).includes(String(json.body).trimEnd()));
    const known = asking({ 'if-none-match': json.headers['ETag']! });
    assert.equal(negotiated(known, presentedFinding(one, input)).status, 304);
  }
  const [one] = reportInput().findings;
  const text = (changes: Partial<ReportInput>) =>
    negotiated(asking({ accept: 'text/plain' }), presentedFinding(one!, reportInput(changes)));
  const before = text({});
  assert.equal(before.body, renderWithSeries(reportedFinding(one!), buildReport(reportInput())));
  const { heap } = reportInput();
  const after = text({ heap: { ...heap, secondsToLimit: 60, secondsToLimitRange: { low: 50, high: 70 } } });
  assert.notEqual(after.body, before.body);
  assert.notEqual(after.headers['ETag'], before.headers['ETag']);
});
