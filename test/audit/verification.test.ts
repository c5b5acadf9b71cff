import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { auditLine, NO_HASH } from '../../src/audit/audit-line.js';
import { type AuditVerification, verifyAudit } from '../../src/audit/verification.js';

/** Lines of a log, the first being its beginning. */
function chain(length: number, first: Readonly<Record<string, unknown>> = {}): string[] {
  const lines: string[] = [];
  let previous = NO_HASH;
  for (let seq = 1; seq <= length; seq++) {
    const entry = seq === 1 ? { event: 'opened', follows: null, ...first } : { event: 'call', index: seq };
    const { text, hash } = auditLine({ seq, atMs: seq * 1000, previous }, entry);
    lines.push(text);
    previous = hash;
  }
  return lines;
}

async function* chunksOf(text: string, size = 1000): AsyncGenerator<Uint8Array> {
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

function verify(lines: readonly string[], rest = ''): Promise<AuditVerification> {
  return verifyAudit(chunksOf(lines.map((line) => `${line}\n`).join('') + rest));
}

const whole = chain(9);

describe('The verification of an audit log', () => {
  it('counts the lines of an intact one, with its times and its head', async () => {
    const { lines, firstAt, lastAt, head, damage, unfinishedBytes } = await verify(whole);
    assert.deepEqual([lines, damage, unfinishedBytes], [9, null, 0]);
    assert.deepEqual([firstAt, lastAt], ['1970-01-01T00:00:01.000Z', '1970-01-01T00:00:09.000Z']);
    assert.equal(head, (JSON.parse(whole[8]!) as { hash: string }).hash);
  });

  it('names the line that was changed', async () => {
    const changed = whole.with(4, whole[4]!.replace('"index":5', '"index":6'));
    assert.deepEqual((await verify(changed)).damage, { line: 5, is: 'changed' });
  });

  it('names the line after one that was changed together with its hash', async () => {
    const { previous } = JSON.parse(whole[4]!) as { previous: string };
    const forged = auditLine({ seq: 5, atMs: 5000, previous }, { event: 'call', index: 6 }).text;
    assert.deepEqual((await verify(whole.with(4, forged))).damage, { line: 6, is: 'replaced' });
  });

  it('names the line before which others were removed, and how many', async () => {
    assert.deepEqual((await verify(whole.toSpliced(3, 2))).damage, { line: 4, is: 'missing', count: 2 });
    assert.deepEqual((await verify(whole.slice(1))).damage, { line: 1, is: 'missing', count: 1 });
  });

  it('names a line that was inserted', async () => {
    assert.deepEqual((await verify(whole.toSpliced(5, 0, whole[2]!))).damage, { line: 6, is: 'repeated' });
    assert.deepEqual((await verify(whole.toSpliced(5, 0, ''))).damage, { line: 6, is: 'not-a-line' });
    assert.deepEqual((await verify(whole.toSpliced(5, 0, '{"a":1}'))).damage, { line: 6, is: 'not-a-line' });
  });

  it('names the first of lines that changed places', async () => {
    const moved = whole.with(3, whole[4]!).with(4, whole[3]!);
    assert.deepEqual((await verify(moved)).damage, { line: 4, is: 'missing', count: 1 });
  });

  it('names a beginning that is not one', async () => {
    const lines = [auditLine({ seq: 1, atMs: 1, previous: NO_HASH }, { event: 'call' }).text];
    assert.deepEqual((await verify(lines)).damage, { line: 1, is: 'no-beginning' });
    const other = [auditLine({ seq: 1, atMs: 1, previous: 'a'.repeat(64) }, { event: 'opened' }).text];
    assert.deepEqual((await verify(other)).damage, { line: 1, is: 'no-beginning' });
  });

  it('counts the bytes of an unfinished last line', async () => {
    const { lines, damage, unfinishedBytes } = await verify(whole, '{"seq":10,"a');
    assert.deepEqual([lines, damage, unfinishedBytes], [9, null, 12]);
  });

  it('does not keep a line that never ends', async () => {
    let sent = 0;
    async function* endless(): AsyncGenerator<Uint8Array> {
      for (;;) {
        sent += 1;
        yield Buffer.alloc(50_000, 'x');
      }
    }
    assert.deepEqual((await verifyAudit(endless())).damage, { line: 1, is: 'too-long' });
    assert.ok(sent <= 3);
  });

  it('is the same however the file is cut into chunks, and sees every change of a single character', async () => {
    const text = whole.map((line) => `${line}\n`).join('');
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 3000 }),
        fc.integer({ min: 0, max: text.length - 1 }),
        fc.constantFrom('x', '0', '\n', '"', ' '),
        async (size, at, character) => {
          assert.equal((await verifyAudit(chunksOf(text, size))).damage, null);
          if (text[at] === character) return;
          const changed = text.slice(0, at) + character + text.slice(at + 1);
          const { damage, unfinishedBytes } = await verifyAudit(chunksOf(changed, size));
          assert.ok(damage !== null || unfinishedBytes > 0);
        },
      ),
      { numRuns: 300 },
    );
  });
});
