import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createBuckets, networkOf } from '../../src/access/client-bucket.js';

test('an IPv4 address stands for itself, also where it is mapped into IPv6', () => {
  assert.equal(networkOf('203.0.113.7'), '203.0.113.7');
  assert.equal(networkOf('::ffff:203.0.113.7'), '203.0.113.7');
  assert.equal(networkOf('::FFFF:203.0.113.7'), '203.0.113.7');
  assert.notEqual(networkOf('203.0.113.7'), networkOf('203.0.113.8'));
});

test('all addresses of one IPv6 /64 are one client, however they are written', () => {
  const same = [
    '2001:db8:1:2::1',
    '2001:db8:1:2:ffff:ffff:ffff:ffff',
    '2001:0db8:0001:0002::',
    '2001:DB8:1:2:0:0:0:9',
    '2001:db8:1:2::1%eth0',
  ];
  for (const address of same) assert.equal(networkOf(address), '2001:db8:1:2::/64', address);
  assert.equal(networkOf('2001:db8:1:3::1'), '2001:db8:1:3::/64');
  assert.equal(networkOf('2001:db8::1'), '2001:db8:0:0::/64');
  assert.equal(networkOf('::1'), '0:0:0:0::/64');
});

test('a Unix socket, which has no address, is one client', () => {
  assert.equal(networkOf(undefined), 'unix');
});

test('any number of texts falls into a fixed number of buckets, which differ from process to process', () => {
  const bucketOf = createBuckets(64);
  const other = createBuckets(64);
  const texts = Array.from({ length: 5_000 }, (_, index) => `2001:db8:${index.toString(16)}:1::/64`);
  const buckets = new Set(texts.map(bucketOf));
  assert.equal(buckets.size, 64);
  assert.deepEqual(texts.map(bucketOf), texts.map(bucketOf));
  assert.notDeepEqual(texts.map(bucketOf), texts.map(other));
});
