import { hash, randomBytes } from 'node:crypto';

/**
 * The network that an address belongs to, as far as one client can choose its address: an IPv4 address, also where it is
 * mapped into IPv6, or the /64 of an IPv6 address. A Unix socket has no address; only its owner can connect to it.
 */
export function networkOf(address: string | undefined): string {
  if (address === undefined) return 'unix';
  const plain = address.toLowerCase().replace(/%.*$/, '');
  if (!plain.includes(':')) return plain;
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/.exec(plain)?.[1];
  if (mapped !== undefined) return mapped;
  const [head = '', tail] = plain.split('::');
  const left = groupsOf(head);
  const right = groupsOf(tail ?? '');
  const zeros = tail === undefined ? 0 : Math.max(0, 8 - left.length - right.length);
  const groups = [...left, ...Array<string>(zeros).fill('0'), ...right];
  const network = groups.slice(0, 4).map((group) => group.replace(/^0+(?=.)/, ''));
  return `${network.join(':')}::/64`;
}

function groupsOf(half: string): string[] {
  return half === '' ? [] : half.split(':');
}

/**
 * Names one of `count` buckets (a power of two, 65,536 at most) for each text, always the same in this process. With a
 * fixed number of buckets no number of addresses takes more memory; with a random key nobody can choose addresses that
 * share a bucket with someone else.
 */
export function createBuckets(count: number): (text: string) => string {
  const key = randomBytes(16).toString('hex');
  return (text) => String(hash('sha256', key + text, 'buffer').readUInt16BE(0) & (count - 1));
}
