import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { AccessControl } from '../../src/access/access-control.js';
import type { Options } from '../../src/options/options.js';
import { resolveOptions } from '../../src/options/resolve-options.js';
import { issueToken } from '../../src/options/tokens.js';
import { eventually } from '../support/eventually.js';
import { ManualClock } from '../support/manual-clock.js';
import { createRecordingLogger } from '../support/recording-logger.js';
import { requestWith } from './access-fixture.js';

const folder = mkdtempSync(join(tmpdir(), 'leakwatch-access-'));
after(() => rmSync(folder, { recursive: true }));
const [FIXED, OLD, NEW] = [issueToken(), issueToken(), issueToken()];
const LOOK_MS = 10_000;

interface Status {
  readonly tokens: readonly { readonly id: string }[];
  readonly tokenFile: {
    readonly readings: number;
    readonly errors: number;
    readonly lastError: string | null;
  };
}

/** The real file system, on a clock of our own. */
function started(options: Options) {
  const clock = new ManualClock();
  const logger = createRecordingLogger();
  const control = new AccessControl(resolveOptions(options).access, logger, clock);
  control.start();
  const status = () => control.status() as Status;
  return {
    control,
    logger,
    status,
    knows: (token: string) => control.host.principalOf(requestWith({ token })) !== null,
    /** One look at the file, to its end. */
    async look(expected: (status: Status) => boolean) {
      await eventually('the file is looked at', () => {
        clock.advance(LOOK_MS);
        return expected(status());
      });
    },
  };
}

function tokenFile(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text, { mode: 0o600 });
  return path;
}

describe('The token file', { skip: process.platform === 'win32' }, () => {
  it('withdraws its tokens if it becomes empty, with one warning, and gives new ones', async () => {
    const path = tokenFile('emptied', `${OLD}\n`);
    const { control, knows, look, logger, status } = started({ tokenFile: path });
    writeFileSync(path, '\n# none\n');
    await look(() => !knows(OLD));
    writeFileSync(path, '# still none\n');
    const { readings } = status().tokenFile;
    await look(({ tokenFile: file }) => file.readings > readings);
    assert.deepEqual(
      logger.lines.map(({ message }) => message),
      ['the token file is empty: no token is valid any more'],
    );
    writeFileSync(path, `${NEW}\n`);
    await look(() => knows(NEW));
    control.stop();
  });

  it('that stays unusable is named again every hour', async () => {
    const path = tokenFile('unusable', `${OLD}\n`);
    const { control, look, logger } = started({ tokenFile: path });
    rmSync(path);
    await look(({ tokenFile: { errors } }) => errors >= 370);
    assert.equal(logger.lines.length, 2);
    control.stop();
  });

  it('is read again when another file takes its place', async () => {
    const path = tokenFile('replaced', `${OLD}\n`);
    const { control, knows, look, status, logger } = started({ token: FIXED, tokenFile: path });
    assert.deepEqual([knows(FIXED), knows(OLD), knows(NEW)], [true, true, false]);
    const old = status().tokens[1]!.id;
    renameSync(tokenFile('next', `# rotated\n\n${NEW} id=new\n`), path);
    await look(() => knows(NEW));
    assert.deepEqual([knows(FIXED), knows(OLD), knows(NEW)], [true, false, true]);
    assert.deepEqual(
      status().tokens.map(({ id }) => id.replace(/-.*/, '')),
      ['token', 'new'],
    );
    const said = {
      level: 'info',
      message: `the token file was read again: 2 tokens; added 'new'; removed '${old}'`,
    };
    assert.deepEqual(logger.lines, [said]);
    writeFileSync(path, `${NEW} id=new scope=act\n`);
    await look(() => logger.lines.length === 2);
    assert.match(logger.lines[1]!.message, /2 tokens; changed 'new'$/);
    control.stop();
  });

  it('is read again when a link above it is swapped, as Kubernetes does', async () => {
    const mount = join(folder, 'mount');
    for (const [version, token] of [
      ['one', OLD],
      ['two', NEW],
    ] as const) {
      mkdirSync(join(mount, version), { recursive: true });
      writeFileSync(join(mount, version, 'token'), token, { mode: 0o400 });
    }
    symlinkSync('one', join(mount, '..data'));
    symlinkSync(join('..data', 'token'), join(mount, 'token'));
    const { control, knows, look } = started({ tokenFile: join(mount, 'token') });
    assert.deepEqual([knows(OLD), knows(NEW)], [true, false]);
    symlinkSync('two', join(mount, '..next'));
    renameSync(join(mount, '..next'), join(mount, '..data'));
    await look(() => knows(NEW));
    assert.equal(knows(OLD), false);
    control.stop();
  });

  for (const [what, breakIt, reason] of [
    ['is cut off', (path: string) => writeFileSync(path, OLD.slice(0, 20)), /Line 1 .* is damaged/],
    ['is gone', (path: string) => rmSync(path), /ENOENT/],
    ['can be read by others', (path: string) => chmodSync(path, 0o644), /mode 0644/],
    ['has an unknown scope', (path: string) => writeFileSync(path, `${NEW} scope=root`), /Line 1 .*scope/],
    [
      'is a pipe without a writer',
      (path: string) => {
        rmSync(path);
        execFileSync('mkfifo', ['-m', '600', path]);
      },
      /not a regular file/,
    ],
  ] as const) {
    it(`keeps its tokens if it ${what}, with one warning, and recovers`, async () => {
      const path = tokenFile(`broken-${what}`, `${OLD}\n`);
      const { control, knows, look, logger, status } = started({ tokenFile: path });
      await look(({ tokenFile: { readings } }) => readings === 1);
      breakIt(path);
      await look(({ tokenFile: { errors } }) => errors >= 3);
      assert.equal(knows(OLD), true);
      assert.equal(logger.lines.length, 1, 'the same reason is logged once');
      const [{ level, message } = { level: '', message: '' }] = logger.lines;
      assert.equal(level, 'warn');
      assert.match(message, reason);
      assert.match(status().tokenFile.lastError ?? '', reason);
      for (const token of [OLD, NEW]) assert.ok(!message.includes(token.slice(0, 12)));
      rmSync(path, { force: true });
      writeFileSync(path, NEW, { mode: 0o600 });
      await look(() => knows(NEW));
      assert.equal(knows(OLD), false);
      assert.equal(status().tokenFile.lastError, null);
      control.stop();
    });
  }

  it('is no longer looked at once the watcher has stopped', async () => {
    const path = tokenFile('stopped', OLD);
    const { control, knows, look } = started({ tokenFile: path });
    control.stop();
    writeFileSync(path, NEW);
    let looks = 0;
    await look(() => ++looks > 10);
    assert.deepEqual([knows(OLD), knows(NEW)], [true, false]);
  });
});

describe('Without a credential of any kind', () => {
  it('the endpoint is closed', () => {
    const { control } = started({});
    assert.deepEqual([control.host.closed, control.listener.closed], [true, true]);
    control.stop();
  });
});

describe('The status', () => {
  it('shows which credentials are configured, and none of their content', () => {
    const { control } = started({
      token: `${FIXED} id=ci scope=read`,
      authorize: () => null,
      jwt: { issuer: 'https://issuer.example', audience: 'ops', jwks: 'https://issuer.example/keys' },
    });
    assert.deepEqual(control.status(), {
      tokens: [{ id: 'ci', scopes: ['read'], expires: null, state: 'valid' }],
      tokenFile: null,
      authorize: true,
      jwt: true,
      clients: 0,
    });
    control.stop();
  });
});
