import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  appendFileSync,
  chownSync,
  createReadStream,
  mkdirSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { type AppendHandle, type CreateFile, createFile } from '../../src/audit/audit-file.js';
import { NO_HASH } from '../../src/audit/audit-line.js';
import { verifyAudit } from '../../src/audit/verification.js';
import { eventually } from '../support/eventually.js';
import { AuditFolder, PROGRAM } from './audit-folder.js';

const CALL = { event: 'call', route: 'collect', principal: 'token-1', requestId: 'r-1' };
const WRITING = fileURLToPath(new URL('programs/writing.js', import.meta.url));
const MIB = 2 ** 20;

/** Files whose writes a test can disturb. */
function disturbed(change: (handle: AppendHandle) => Partial<AppendHandle>): CreateFile {
  return async (path) => {
    const handle = await createFile(path);
    const passed: AppendHandle = {
      write: (bytes, offset) => handle.write(bytes, offset),
      datasync: () => handle.datasync(),
      truncate: (bytes) => handle.truncate(bytes),
      stat: () => handle.stat(),
      close: () => handle.close(),
    };
    return { ...passed, ...change(passed) };
  };
}

function failing(code: string): Error {
  return Object.assign(new Error(code), { code });
}

async function assertIntact(folder: AuditFolder, at: number): Promise<void> {
  const { damage, unfinishedBytes } = await verifyAudit(createReadStream(folder.pathOf(at)));
  assert.deepEqual({ damage, unfinishedBytes }, { damage: null, unfinishedBytes: 0 });
}

describe('The audit log', () => {
  it('makes no file before there is something to record', async () => {
    const folder = new AuditFolder();
    const log = folder.log();
    assert.deepEqual(log.status(), { state: 'ready', reason: null, file: null, lines: 0, head: null });
    await log.close();
    assert.deepEqual(folder.files, []);
  });

  it('writes one JSON line for each entry, for its owner alone, each with the hash of the line before it', async () => {
    const folder = new AuditFolder();
    const log = folder.log();
    assert.equal(await log.record({ ...CALL, input: { reason: 'a reason' } }, true), null);
    assert.equal(await log.record({ event: 'answer', requestId: 'r-1', status: 202 }, false), null);
    const [opened, call, answer] = folder.lines(0);
    assert.equal(folder.lines(0).length, 3);
    assert.deepEqual(
      { ...opened, hash: null },
      {
        seq: 1,
        at: '2026-01-01T00:00:01.000Z',
        event: 'opened',
        pid: 12,
        threadId: 0,
        version: '1.2.3',
        follows: null,
        removed: [],
        previous: NO_HASH,
        hash: null,
      },
    );
    assert.deepEqual(
      { ...call, hash: null },
      {
        seq: 2,
        at: '2026-01-01T00:00:01.000Z',
        ...CALL,
        input: { reason: 'a reason' },
        previous: opened!['hash'],
        hash: null,
      },
    );
    assert.equal(answer!['previous'], call!['hash']);
    assert.equal(statSync(folder.pathOf(0)).mode & 0o777, 0o600);
    assert.deepEqual(log.status(), {
      state: 'ready',
      reason: null,
      file: folder.files[0],
      lines: 3,
      head: answer!['hash'],
    });
    await assertIntact(folder, 0);
    await log.close();
  });

  it('keeps lines whole and in order, however many are asked for at once', async () => {
    const folder = new AuditFolder();
    const log = folder.log();
    const outcomes = await Promise.all(
      Array.from({ length: 60 }, (_, index) => log.record({ event: 'call', index }, true)),
    );
    assert.deepEqual(new Set(outcomes), new Set([null]));
    assert.deepEqual(
      folder.lines(0).map(({ index }) => index ?? 'opened'),
      ['opened', ...Array.from({ length: 60 }, (_, index) => index)],
    );
    await assertIntact(folder, 0);
  });

  it('never contains a token, wherever someone put it, and escapes what a terminal acts on', async () => {
    const folder = new AuditFolder();
    const token = `lwt_${'a'.repeat(48)}`;
    await folder.log().record({ ...CALL, input: { reason: `for ${token}\u001b[2J\u202e\n` } }, true);
    assert.ok(!folder.text(0).includes(token));
    assert.match(folder.text(0), /for lwt_…\\u001b\[2J\\u202e\\n"/);
    await assertIntact(folder, 0);
  });

  it('refuses an entry that is longer than any that a route accepts', async () => {
    const folder = new AuditFolder();
    const log = folder.log();
    assert.match((await log.record({ ...CALL, text: 'x'.repeat(70_000) }, true))!, /too long/);
    assert.equal(await log.record({ ...CALL, text: '<'.repeat(8000) }, true), null);
    await assertIntact(folder, 0);
  });

  it('records nothing once it is closed', async () => {
    const log = new AuditFolder().log();
    await log.close();
    assert.match((await log.record(CALL, true))!, /closed/);
  });
});

describe('The chain goes on', () => {
  it('in a new file after a restart, whose first line names the last line before it', async () => {
    const folder = new AuditFolder();
    const first = folder.log();
    await first.record(CALL, true);
    await first.close();
    await folder.log().record(CALL, true);
    const last = folder.lines(0).at(-1)!;
    const [opened] = folder.lines(1);
    assert.deepEqual(opened!['follows'], {
      file: folder.files[0],
      seq: 2,
      hash: last['hash'],
      unfinishedBytes: 0,
    });
    assert.equal(opened!['previous'], last['hash']);
    await assertIntact(folder, 1);
  });

  it('after a line that was cut off, and the new file says how many bytes there are of it', async () => {
    const folder = new AuditFolder();
    await folder.log().record(CALL, true);
    appendFileSync(folder.pathOf(0), '{"seq":3,"at"');
    await folder.log().record(CALL, true);
    assert.deepEqual(folder.lines(1)[0]!['follows'], {
      file: folder.files[0],
      seq: 2,
      hash: (JSON.parse(folder.text(0).split('\n')[1]!) as { hash: string }).hash,
      unfinishedBytes: 13,
    });
    const { damage, unfinishedBytes, lines } = await verifyAudit(createReadStream(folder.pathOf(0)));
    assert.deepEqual({ damage, unfinishedBytes, lines }, { damage: null, unfinishedBytes: 13, lines: 2 });
  });

  it('after a line that someone changed, and the new file says that no hash could be taken over', async () => {
    const folder = new AuditFolder();
    await folder.log().record(CALL, true);
    writeFileSync(folder.pathOf(0), folder.text(0).replace('token-1', 'token-2'));
    await folder.log().record(CALL, true);
    const [{ follows, previous }] = folder.lines(1) as readonly [Record<string, unknown>];
    assert.deepEqual(follows, { file: folder.files[0], seq: null, hash: null, unfinishedBytes: 0 });
    assert.equal(previous, NO_HASH);
    await assertIntact(folder, 1);
  });

  it('in the files of several processes of one program at once, none of which breaks the chain of another', async () => {
    const folder = new AuditFolder();
    const logs = [folder.log(), folder.log(), folder.log()];
    for (let round = 0; round < 5; round++)
      for (const log of logs) assert.equal(await log.record({ ...CALL, round }, true), null);
    assert.equal(folder.files.length, 3);
    for (const at of [0, 1, 2]) {
      assert.equal(folder.lines(at).length, 6);
      await assertIntact(folder, at);
    }
  });

  it('in a new file once one has 8 MiB', async () => {
    const folder = new AuditFolder();
    const log = folder.log();
    const entry = { ...CALL, text: 'x'.repeat(60_000) };
    while (folder.files.length < 2) {
      folder.clock.advance(1000);
      assert.equal(await log.record(entry, false), null);
    }
    assert.ok(statSync(folder.pathOf(0)).size < 8 * MIB + 64 * 1024);
    assert.equal(folder.lines(1)[0]!['previous'], folder.lines(0).at(-1)!['hash']);
    await assertIntact(folder, 0);
    await assertIntact(folder, 1);
    await log.close();
  });

  it('in a new file if someone deleted the file, or wrote into it', async () => {
    const folder = new AuditFolder();
    const log = folder.log();
    await log.record(CALL, true);
    const { head, file } = log.status();
    rmSync(folder.pathOf(0));
    assert.equal(await log.record(CALL, true), null);
    assert.deepEqual(folder.lines(0)[0]!['follows'], { file, seq: 2, hash: head, unfinishedBytes: 0 });
    appendFileSync(folder.pathOf(0), 'mine');
    folder.clock.advance(1000);
    assert.equal(await log.record(CALL, true), null);
    const { follows } = folder.lines(1)[0] as { follows: { seq: number; unfinishedBytes: number } };
    assert.deepEqual([follows.seq, follows.unfinishedBytes], [2, 4]);
  });

  it('after kill -9, with every line on the disk that was said to be', async () => {
    const folder = new AuditFolder();
    const child = spawn(process.execPath, [WRITING, folder.path], { stdio: ['ignore', 'pipe', 'inherit'] });
    let said = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      said += text;
    });
    await eventually('20 lines', () => said.split('\n').length > 20);
    child.kill('SIGKILL');
    await once(child, 'close');
    const { lines, damage } = await verifyAudit(createReadStream(folder.pathOf(0)));
    assert.equal(damage, null);
    assert.ok(lines > said.trimEnd().split('\n').length, `${lines} lines, ${said.length} said`);
    const [file] = folder.files;
    await folder.log().record(CALL, true);
    // The test's clock is behind that of the process.
    const { follows } = folder.lines(0)[0] as { follows: { file: string; seq: number } };
    assert.deepEqual([follows.file, follows.seq], [file, lines]);
  });
});

describe('Where the audit log cannot be written, it says why, and the call is not recorded', () => {
  it('without a state directory', async () => {
    const log = new AuditFolder().log({ directory: null });
    assert.match((await log.record(CALL, true))!, /no state directory/);
    const { state, reason } = log.status();
    assert.equal(state, 'failing');
    assert.match(reason!, /no state directory/);
  });

  it('when the state directory was deleted', async () => {
    const folder = new AuditFolder();
    const log = folder.log();
    rmSync(folder.path, { recursive: true });
    assert.match((await log.record(CALL, true))!, /does not exist any more \(ENOENT\)/);
    mkdirSync(folder.path);
    assert.equal(await log.record(CALL, true), null);
    assert.equal(log.status().state, 'ready');
  });

  for (const [name, plant] of Object.entries({
    'a symbolic link': (path: string) => symlinkSync('/etc/passwd', path),
    'a directory': (path: string) => mkdirSync(path),
    'a FIFO': (path: string) => assert.equal(spawnSync('mkfifo', [path]).status, 0),
    ...(process.getuid?.() === 0
      ? {
          "another user's file": (path: string) => {
            writeFileSync(path, '');
            chownSync(path, 12_345, 12_345);
          },
        }
      : {}),
  })) {
    it(`when a file of the log is ${name}`, async () => {
      const folder = new AuditFolder();
      const log = folder.log();
      plant(join(folder.path, `audit-${PROGRAM}-20270101T000000000Z-00000000.jsonl`));
      assert.match((await log.record(CALL, true))!, /symbolic link|not a file of this user/);
      assert.equal(folder.files.length, 1);
    });
  }

  it('when the disk is full: what was written of the line is taken back, and the next line follows the last whole one', async () => {
    const folder = new AuditFolder();
    let free = 1000;
    const create = disturbed(({ write }) => ({
      async write(bytes, offset) {
        if (free === 0) throw failing('ENOSPC');
        const taken = bytes.subarray(0, offset + free);
        free -= taken.length - offset;
        return await write(taken, offset);
      },
    }));
    const log = folder.log({ create });
    assert.equal(await log.record(CALL, true), null);
    const before = folder.text(0);
    assert.match((await log.record({ ...CALL, text: 'x'.repeat(2000) }, true))!, /disk is full \(ENOSPC\)/);
    assert.match((await log.record(CALL, true))!, /disk is full \(ENOSPC\)/);
    assert.equal(folder.text(0), before);
    assert.equal(log.status().reason, 'the disk is full (ENOSPC)');
    assert.equal(folder.logger.lines.length, 1, 'one line in the log, not one for each call');
    free = 10_000;
    assert.equal(await log.record(CALL, true), null);
    assert.equal(folder.lines(0).length, 3);
    await assertIntact(folder, 0);
  });

  it('when the disk is full from the start: no empty file is left', async () => {
    const folder = new AuditFolder();
    const create = disturbed(() => ({ write: () => Promise.reject(failing('ENOSPC')) }));
    assert.match((await folder.log({ create }).record(CALL, true))!, /disk is full/);
    assert.deepEqual(folder.files, []);
  });

  it('when a line cannot be taken back either: the chain goes on in another file, which says so', async () => {
    const folder = new AuditFolder();
    let isBroken = false;
    const create = disturbed(({ write, truncate }) => ({
      async write(bytes, offset) {
        if (!isBroken) return await write(bytes, offset);
        await write(bytes.subarray(0, 10), 0);
        throw failing('EIO');
      },
      truncate: (bytes) => (isBroken ? Promise.reject(failing('EIO')) : truncate(bytes)),
    }));
    const log = folder.log({ create });
    await log.record(CALL, true);
    isBroken = true;
    assert.match((await log.record(CALL, true))!, /refused \(EIO\)/);
    isBroken = false;
    folder.clock.advance(1000);
    assert.equal(await log.record(CALL, true), null);
    const { follows } = folder.lines(1)[0] as { follows: { seq: number; unfinishedBytes: number } };
    assert.deepEqual([follows.seq, follows.unfinishedBytes], [2, 10]);
  });

  it('when the line does not reach the disk: a line that may be lost is no record', async () => {
    const folder = new AuditFolder();
    let isBroken = false;
    const create = disturbed(({ datasync }) => ({
      datasync: () => (isBroken ? Promise.reject(failing('EIO')) : datasync()),
    }));
    const log = folder.log({ create });
    await log.record(CALL, true);
    isBroken = true;
    assert.match((await log.record(CALL, true))!, /EIO/);
    assert.equal(folder.lines(0).length, 2);
  });

  it('when the disk hangs: the call is refused after 5 s, and a line says so once the disk is back', async () => {
    const folder = new AuditFolder();
    let resume = (): void => {};
    const create = disturbed(({ datasync }) => ({
      async datasync() {
        await new Promise<void>((resolve) => {
          resume = resolve;
        });
        return await datasync();
      },
    }));
    const log = folder.log({ create });
    const first = log.record(CALL, true);
    const second = log.record({ ...CALL, requestId: 'r-2' }, true);
    await eventually('the file', () => folder.files.length === 1 && folder.text(0).includes('opened'));
    folder.clock.advance(5000);
    assert.match((await first)!, /does not respond/);
    assert.match((await second)!, /does not respond/);
    for (let round = 0; round < 2; round++) {
      const now = folder.text(0).length;
      resume();
      if (round === 0) await eventually('the next line', () => folder.text(0).length > now);
    }
    await eventually('the line that says so', () => folder.text(0).includes('"late"'));
    const lines = folder.lines(0);
    assert.deepEqual(
      lines.map(({ event }) => event),
      ['opened', 'call', 'late'],
    );
    assert.equal(lines[2]!['line'], 2);
    await assertIntact(folder, 0);
  });

  it('when too many lines wait for a disk that hangs', async () => {
    const folder = new AuditFolder();
    let resume = (): void => {};
    const create = disturbed(() => ({
      datasync: () =>
        new Promise<void>((resolve) => {
          resume = resolve;
        }),
    }));
    const log = folder.log({ create });
    const waiting = Array.from({ length: 64 }, () => log.record(CALL, true));
    assert.match((await log.record(CALL, true))!, /too many lines wait/);
    folder.clock.advance(5000);
    assert.equal((await Promise.all(waiting)).length, 64);
    const closed = log.close();
    folder.clock.advance(5000);
    await closed;
    resume();
  });
});

const MAKE_DISK = ['-c', 'mount -t tmpfs -o size=16k,mode=700 leakwatch "$1"', 'sh'];
const UNMOUNT = (path: string) => spawnSync('umount', [path]);

describe('On a real file system', () => {
  const trial = new AuditFolder();
  const mounts = spawnSync('sh', [...MAKE_DISK, trial.path]).status === 0;
  if (mounts) UNMOUNT(trial.path);
  const skip = mounts ? false : 'this user may not mount a file system';

  it('that fills up, lines are refused and the chain stays whole', { skip }, async () => {
    const folder = new AuditFolder();
    assert.equal(spawnSync('sh', [...MAKE_DISK, folder.path]).status, 0);
    try {
      const log = folder.log();
      const outcomes: (string | null)[] = [];
      for (let index = 0; index < 12; index++)
        outcomes.push(await log.record({ ...CALL, text: 'x'.repeat(3000) }, true));
      assert.equal(outcomes[0], null);
      assert.equal(outcomes.at(-1), 'the disk is full (ENOSPC)');
      await assertIntact(folder, 0);
      await log.close();
    } finally {
      UNMOUNT(folder.path);
    }
  });

  it('that is read-only, lines are refused', { skip }, async () => {
    const folder = new AuditFolder();
    assert.equal(spawnSync('sh', [...MAKE_DISK, folder.path]).status, 0);
    try {
      assert.equal(spawnSync('mount', ['-o', 'remount,ro', folder.path]).status, 0);
      assert.match((await folder.log().record(CALL, true))!, /read-only \(EROFS\)/);
    } finally {
      UNMOUNT(folder.path);
    }
  });
});

describe('The files of a program', () => {
  const old = (folder: AuditFolder, day: number, bytes: number): string => {
    const name = `audit-${PROGRAM}-202501${String(day).padStart(2, '0')}T000000000Z-00000000.jsonl`;
    writeFileSync(join(folder.path, name), '');
    truncateSync(join(folder.path, name), bytes);
    return name;
  };

  it('take 64 MiB at most: the oldest are removed, and the first line of the new file names them', async () => {
    const folder = new AuditFolder();
    const names = [1, 2, 3, 4, 5].map((day) => old(folder, day, 20 * MIB));
    writeFileSync(join(folder.path, 'audit-fedcba9876543210-20250101T000000000Z-00000000.jsonl'), '');
    writeFileSync(join(folder.path, `audit-${PROGRAM}.txt`), '');
    await folder.log().record(CALL, true);
    assert.deepEqual(
      folder.files.filter((name) => names.includes(name)),
      names.slice(2),
    );
    const newest = folder.files.findIndex((name) => name.includes('-2026'));
    assert.deepEqual(folder.lines(newest)[0]!['removed'], names.slice(0, 2));
    assert.equal(folder.files.length, 6, "other programs' and people's files stay");
  });

  it('are kept whatever their age', async () => {
    const folder = new AuditFolder();
    const name = old(folder, 1, 100);
    await folder.log().record(CALL, true);
    assert.ok(folder.files.includes(name));
  });
});
