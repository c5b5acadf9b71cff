import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, statSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { EXIT_CODES } from '../../src/cli/exit-codes.js';
import { issueToken } from '../../src/options/tokens.js';
import { accepted, following, OPERATION, operation } from './fake-operation.js';
import { type Answer, FakeService, problem } from './fake-service.js';
import { type EndedCommand, runCommand } from './ops-run.js';
import { SnapshotFolder } from './snapshot-folder.js';

const folder = new SnapshotFolder();
const ENVIRONMENT = { LEAKWATCH_TOKEN: issueToken() };
/** Not UTF-8. */
const PROFILE = Buffer.from([0x1f, 0x8b, 0x08, 0xff, 0x00, 0xfe]);
const DONE = operation({ kind: 'cpu-profile', state: 'succeeded', progress: null, result: { samples: 3 } });
const RECORDED = following([DONE], accepted(operation({ kind: 'cpu-profile' })), () => ({ body: PROFILE }));

let files = 0;
function target(ending: string): string {
  return join(folder.path, `profile-${files++}${ending}`);
}

async function profile(
  answer: Answer,
  args: readonly string[],
): Promise<
  EndedCommand & { readonly asked: readonly string[]; readonly accepts: readonly (string | undefined)[] }
> {
  const service = await new FakeService(answer).start();
  const ended = await runCommand(['profile', service.url, ...args], ENVIRONMENT);
  const { received } = service;
  return { ...ended, asked: received.map(({ line }) => line), accepts: received.map(({ accept }) => accept) };
}

describe('leakwatch profile', () => {
  it('heap fetches the profile of the moment, byte for byte, into a file for its owner alone', async () => {
    const file = target('.pb.gz');
    const { code, stdout, stderr, asked, accepts } = await profile(
      () => ({ body: PROFILE }),
      ['heap', '-o', file],
    );
    const note = `leakwatch profile: wrote ${file}, 6 bytes\n`;
    assert.deepEqual([code, stdout, stderr], [EXIT_CODES.clean, '', note]);
    assert.deepEqual(readFileSync(file), PROFILE);
    assert.equal(statSync(file).mode & 0o777, 0o600);
    assert.deepEqual(asked, ['GET /ops/profile/heap']);
    assert.deepEqual(accepts, ['application/octet-stream']);
  });

  it('heap says how much is in the profile, and since when', async () => {
    const headers = { 'Profile-Since': '2026-03-01T18:54:44.123Z', 'Profile-Bytes': '34000000' };
    const { stderr } = await profile(() => ({ body: PROFILE, headers }), ['heap', '-o', target('.pb.gz')]);
    assert.match(stderr, /, 6 bytes: 34\.0 MB allocated since 2026-03-01T18:54:44Z and still live\n$/);
  });

  for (const [kind, args, ending, begins, type] of [
    ['cpu', [], '.cpuprofile', 'POST /ops/profile/cpu', 'application/vnd.v8.cpuprofile+json'],
    ['cpu', ['--seconds', '5'], '.pb.gz', 'POST /ops/profile/cpu?seconds=5', 'application/octet-stream'],
    [
      'heap',
      ['--seconds=2m'],
      '.heapprofile',
      'POST /ops/profile/heap?seconds=120',
      'application/vnd.v8.heapprofile+json',
    ],
  ] as const) {
    it(`${kind} ${args.join(' ')} records, waits, and fetches the format of a file *${ending}`, async () => {
      const file = target(ending);
      const { code, stderr, asked, accepts } = await profile(RECORDED, [kind, ...args, '--output', file]);
      assert.equal(code, EXIT_CODES.clean, stderr);
      assert.deepEqual(asked, [
        begins,
        `GET /ops/operations/${OPERATION}?waitSeconds=2`,
        `GET /ops/operations/${OPERATION}/file`,
      ]);
      assert.equal(accepts.at(-1), type);
      assert.deepEqual(readFileSync(file), PROFILE);
    });
  }

  it('does not replace a file without --force, and asks the service for nothing', async () => {
    const file = folder.write('kept.pb.gz', 'kept');
    const { code, stderr, asked } = await profile(() => ({ body: PROFILE }), ['heap', '-o', file]);
    assert.deepEqual([code, asked], [EXIT_CODES.failed, []]);
    assert.match(stderr, /kept\.pb\.gz: the file exists; --force replaces it/);
    assert.equal(readFileSync(file, 'utf8'), 'kept');
    const forced = await profile(() => ({ body: PROFILE }), ['heap', '-o', file, '--force']);
    assert.equal(forced.code, EXIT_CODES.clean);
    assert.deepEqual(readFileSync(file), PROFILE);
  });

  it('does not write through a link, nor over a file that appeared meanwhile', async () => {
    const victim = folder.write('victim', 'untouched');
    const link = target('.pb.gz');
    symlinkSync(victim, link);
    const linked = await profile(() => ({ body: PROFILE }), ['heap', '-o', link, '--force']);
    assert.match(linked.stderr, /is not a regular file/);
    assert.equal(readFileSync(victim, 'utf8'), 'untouched');
    const file = target('.pb.gz');
    const raced = await profile(() => {
      folder.write(file.slice(folder.path.length + 1), 'mine');
      return { body: PROFILE };
    }, ['heap', '-o', file]);
    assert.equal(raced.code, EXIT_CODES.failed);
    assert.match(raced.stderr, /the file exists/);
    assert.equal(readFileSync(file, 'utf8'), 'mine');
  });

  it('leaves no file if there is no profile', async () => {
    const file = target('.pb.gz');
    const { code, stderr } = await profile(
      () => problem(503, 'LEAKWATCH_ERR_REFUSED', 'Nothing is sampled.'),
      ['heap', '-o', file],
    );
    assert.equal(code, EXIT_CODES.failed);
    assert.match(stderr, /does not do this now: Nothing is sampled\. \(503\)/);
    assert.ok(!existsSync(file));
    assert.deepEqual(
      readdirSync(folder.path).filter((name) => name.endsWith('.tmp')),
      [],
    );
  });

  it('says why a file cannot be written', async () => {
    const { code, stderr } = await profile(() => ({ body: PROFILE }), ['heap', '-o', '/nowhere/a.pb.gz']);
    assert.equal(code, EXIT_CODES.failed);
    assert.match(stderr, /\/nowhere\/a\.pb\.gz: cannot be written \(ENOENT\)/);
  });

  for (const [args, words] of [
    [['heap'], /name the file with -o/],
    [['heap', '-o', 'a.cpuprofile'], /a heap profile ends in \.pb\.gz or \.heapprofile/],
    [['cpu', '-o', 'a.json'], /a cpu profile ends in \.pb\.gz or \.cpuprofile/],
    [['disk', '-o', 'a.pb.gz'], /takes one URL, and heap or cpu after it/],
    [['cpu', '--seconds', '121', '-o', 'a.pb.gz'], /--seconds takes a whole number from 1 to 120/],
    [['cpu', '--seconds', '-1', '-o', 'a.pb.gz'], /--seconds takes/],
  ] as const) {
    it(`refuses ${args.join(' ')}`, async () => {
      const { code, stderr, asked } = await profile(() => ({}), args);
      assert.deepEqual([code, asked], [EXIT_CODES.usage, []]);
      assert.match(stderr, words);
    });
  }
});
