import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { packageOf } from '../../src/runtime/script-name.js';

describe('the package of a script', () => {
  it('is the innermost folder below node_modules, with its scope', () => {
    assert.deepEqual(packageOf('file:///srv/app/node_modules/express/lib/router/index.js'), {
      name: 'express',
      version: null,
      folderUrl: 'file:///srv/app/node_modules/express/',
    });
    assert.deepEqual(packageOf('/srv/node_modules/a/node_modules/@acme/cache/index.js'), {
      name: '@acme/cache',
      version: null,
      folderUrl: '/srv/node_modules/a/node_modules/@acme/cache/',
    });
    assert.equal(
      packageOf('C:\\app\\node_modules\\memo\\index.js?v=2')?.folderUrl,
      'C:\\app\\node_modules\\memo\\',
    );
  });

  it('has a version where the path says it', () => {
    const at = (folder: string, name: string) =>
      packageOf(`file:///srv/node_modules/.pnpm/${folder}/node_modules/${name}/index.js`)?.version;
    assert.equal(at('memoizee@0.4.17', 'memoizee'), '0.4.17');
    assert.equal(at('@acme+cache@1.2.3-beta.1_peer@2.0.0', '@acme/cache'), '1.2.3-beta.1');
    assert.equal(at('other@1.2.3', 'memoizee'), null);
  });

  it("is none for the program's own scripts, Node's, and files that lie in node_modules itself", () => {
    for (const address of ['file:///srv/app/src/orders.js', 'node:timers', '', '/srv/node_modules/x.js'])
      assert.equal(packageOf(address), null);
  });
});
