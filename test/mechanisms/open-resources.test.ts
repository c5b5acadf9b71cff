import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { mechanismOfSeries } from '../../src/mechanisms/open-resources.js';

describe('the mechanism of growth that a series of samples shows', () => {
  it('is that of the resource counted', () => {
    assert.equal(mechanismOfSeries('handles', 'TCPSocketWrap'), 'sockets');
    assert.equal(mechanismOfSeries('handles', 'FileDescriptor'), null);
  });

  it('is the only one of its kind; memory of any origin has none', () => {
    assert.equal(mechanismOfSeries('external', 'external'), 'buffers');
    assert.equal(mechanismOfSeries('contexts', 'NativeContext'), 'contexts');
    assert.equal(mechanismOfSeries('native', 'native'), null);
  });
});
