import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { gcBusyText, gcNotOfferedText, gcOverBudgetText } from '../../src/wording/full-gc-text.js';
import { type ScanSummary, scanText } from '../../src/wording/scan-text.js';

const SUMMARY: ScanSummary = {
  taken: 3,
  asked: 3,
  graphs: 6,
  open: 0,
  warmingUp: false,
  endedBy: null,
  rules: { suspectObservations: 3, confirmObservations: 6, confirmMs: 50_000 },
};
const said = (changes: Partial<ScanSummary>) => scanText({ ...SUMMARY, ...changes });

describe('The summary of a scan', () => {
  it('says what was compared, and what would not show', () => {
    assert.equal(
      said({}),
      '6 graphs were compared, and nothing counts as a leak so far. Growth that is slower, or that needs traffic which is missing now, does not show.',
    );
    assert.equal(said({ open: 2 }), '6 graphs were compared; findings that are suspected or confirmed: 2.');
  });

  it('says that a first graph cannot show growth, and how many are needed', () => {
    assert.equal(
      said({ graphs: 1, taken: 1, asked: 1 }),
      'This is the first graph of a series, so it shows what the heap holds, not what grows: scan again under load, or scan with several captures. Growth at 3 graphs in a row makes a leak suspected, growth at 6 graphs over 50 s makes it confirmed; this series has 1 graph.',
    );
  });

  it('says why it has fewer captures than were asked for', () => {
    assert.match(
      said({ taken: 1, endedBy: { code: 'pause-over-budget', pauseMs: 1500, budgetMs: 1000 } }),
      / It ended after 1 of 3 captures: a capture would stop the service for about 1\.5 s; the limit is 1\.0 s \(pauseBudgetMs\)\.$/,
    );
    assert.match(said({ taken: 2 }), / 2 of 3 captures succeeded\.$/);
  });

  it('says that a program which has only just started proves little', () => {
    assert.match(said({ warmingUp: true }), / The program has only just started: its caches still fill,/);
  });
});

describe('A full GC that does not run', () => {
  it('says why, with the numbers', () => {
    assert.equal(
      gcOverBudgetText(1500, 1000),
      'A full GC would stop the service for about 1.5 s; the limit is 1.0 s (pauseBudgetMs).',
    );
    assert.equal(gcBusyText('cool-down'), 'A full GC ran just now.');
    assert.match(gcBusyText('capture'), /^A capture is running\./);
    assert.match(gcNotOfferedText(), /V8/);
  });
});
