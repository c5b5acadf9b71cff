import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { packageOf, publicAddress, shortScript } from '../../src/runtime/script-name.js';

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

  it('has a version if the path contains it', () => {
    const at = (folder: string, name: string) =>
      packageOf(`file:///srv/node_modules/.pnpm/${folder}/node_modules/${name}/index.js`)?.version;
    assert.equal(at('memoizee@0.4.17', 'memoizee'), '0.4.17');
    assert.equal(at('@acme+cache@1.2.3-beta.1_peer@2.0.0', '@acme/cache'), '1.2.3-beta.1');
    assert.equal(at('other@1.2.3', 'memoizee'), null);
  });

  it("is null for the program's own scripts, Node's, and files directly in node_modules", () => {
    for (const address of ['file:///srv/app/src/orders.js', 'node:timers', '', '/srv/node_modules/x.js'])
      assert.equal(packageOf(address), null);
  });
});

describe('the published address of a script', () => {
  const told: Readonly<Record<string, string>> = {
    'data:text/javascript,const key = "secret"': 'data:',
    'DATA:text/javascript;base64,c2VjcmV0': 'data:',
    'data:text/javascript,\nconst key = "secret/a.js"': 'data:',
    'file:///app/src/a.js?key=secret': 'file:///app/src/a.js',
    'file:///app/src/a.js#secret?secret': 'file:///app/src/a.js',
    'file:///app/src/a.js?one\nsecret\nsecret/b.js': 'file:///app/src/a.js',
    'https://secret@host/src/a.js': 'https://host/src/a.js',
    'https://user:secret@host:8080/src/a.js?secret#secret': 'https://host:8080/src/a.js',
    'file:///app/node_modules/@acme/a/a.js': 'file:///app/node_modules/@acme/a/a.js',
    '/app/src/a.js': '/app/src/a.js',
    'node:timers': 'node:timers',
  };

  it('has neither code nor queries, hashes, users or passwords in it', () => {
    for (const [address, expected] of Object.entries(told)) assert.equal(publicAddress(address), expected);
  });

  it('is short, and has none of these either', () => {
    for (const address of Object.keys(told)) assert.doesNotMatch(shortScript(address), /secret|user|[?#\n]/);
    assert.equal(shortScript('https://user:secret@host/src/a.js?secret'), 'src/a.js');
    assert.equal(shortScript('https://user:secret@host?secret/a.js'), '/host');
    assert.equal(shortScript('data:text/javascript,secret/secret'), 'data:');
  });
});
