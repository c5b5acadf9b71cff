import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createGuardedLogger, createLogger } from '../../src/runtime/logger.js';

describe('The log', () => {
  it('writes what its level allows, one prefixed entry per message', () => {
    const lines: string[] = [];
    const logger = createLogger('info', (line) => lines.push(line));
    logger.warn('first\nsecond');
    logger.info('third');
    logger.debug('not wanted');
    assert.deepEqual(lines, ['leakwatch: first\n  second\n', 'leakwatch: third\n']);
  });

  it("does not pass on failures of the host's logger", async () => {
    const said: string[] = [];
    const logger = createGuardedLogger({
      warn: () => {
        throw new Error('the worker has exited');
      },
      info: (async () => {
        throw new Error('the transport is closed');
      }) as () => void,
      debug: (message) => void said.push(message),
    });
    logger.warn('a');
    logger.info('b');
    logger.debug('c');
    await new Promise(setImmediate);
    assert.deepEqual(said, ['c']);
  });
});
