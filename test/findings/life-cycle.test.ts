import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { FINDING_STATUSES, type FindingStatus } from '../../src/findings/finding.js';
import { nextStatus, type Observation } from '../../src/findings/life-cycle.js';

/** The statuses that follow on each of `FINDING_STATUSES`. */
const after = (observation: Observation): readonly FindingStatus[] =>
  FINDING_STATUSES.map((status) => nextStatus(status, observation));

describe('The life of a finding', () => {
  it('begins with its first verdict, as if it had been resolved', () => {
    assert.equal(nextStatus(undefined, 'grew-suspected'), 'suspected');
    assert.equal(nextStatus(undefined, 'grew-confirmed'), 'confirmed');
  });

  it('keeps a confirmed finding confirmed while it grows, and opens again what had ended', () => {
    assert.deepEqual(after('grew-confirmed'), Array(4).fill('confirmed'));
    assert.deepEqual(after('grew-suspected'), ['suspected', 'confirmed', 'suspected', 'suspected']);
    assert.deepEqual(after('grew-early'), FINDING_STATUSES);
  });

  it('does not call a confirmed finding off for a pause', () => {
    assert.deepEqual(after('paused'), ['plateaued', 'confirmed', 'plateaued', 'resolved']);
  });

  it('ends in two steps where it does not grow', () => {
    assert.deepEqual(after('stood-still'), ['plateaued', 'plateaued', 'plateaued', 'resolved']);
    assert.deepEqual(after('gone-for-long'), Array(4).fill('resolved'));
  });
});
