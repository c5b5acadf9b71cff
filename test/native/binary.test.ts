import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, describe, it } from 'node:test';

const ROOT = dirname(createRequire(import.meta.url).resolve('leakwatch/package.json'));
/** Of the oldest system that Node 20 runs on. */
const OLDEST_GLIBC = 28;

const folder = mkdtempSync(join(tmpdir(), 'leakwatch-binary-'));
after(() => rmSync(folder, { recursive: true }));

const noReadelf = spawnSync('readelf', ['--version']).error !== undefined && 'there is no readelf';

/** Compiles for `target`, warnings being errors; why that cannot be done here. */
function lackFor(target: string): string | false {
  const args = ['--out', folder, '--target', target, '--strict', '--required'];
  const { status, stderr } = spawnSync(
    process.execPath,
    [join(ROOT, 'scripts', 'build-native.mjs'), ...args],
    {
      encoding: 'utf8',
    },
  );
  if (status !== 0 && stderr.includes('not compiling the addon')) return stderr.trim();
  return noReadelf;
}

for (const target of ['x64', 'arm64']) {
  describe(`The addon for ${target}`, { skip: lackFor(target) }, () => {
    const file = join(folder, `linux-${target}.node`);
    const readelf = (option: string): string => {
      const { status, stdout, stderr } = spawnSync('readelf', ['--wide', option, file], { encoding: 'utf8' });
      assert.equal(status, 0, stderr);
      return stdout;
    };

    it('depends only on libc, and on no newer version than Node does', () => {
      const needed = [...readelf('--dynamic').matchAll(/\(NEEDED\).*\[(.+)\]/g)].map(([, name]) => name);
      assert.deepEqual(needed, ['libc.so.6']);
      const versions = [...readelf('--version-info').matchAll(/Name: (\S+)/g)].map(([, name]) => name!);
      assert.ok(versions.length > 0);
      for (const version of versions) {
        const [, minor] = /^GLIBC_2\.(\d+)(?:\.\d+)?$/.exec(version) ?? [];
        assert.ok(minor !== undefined && Number(minor) <= OLDEST_GLIBC, version);
      }
    });

    it('imports only Node-API from Node, and no C++ symbols', () => {
      const undefinedNames = [...readelf('--dyn-syms').matchAll(/ UND (\S+)/g)].map(([, name]) => name!);
      const foreign = undefinedNames.filter(
        (name) => !/@GLIBC_|^napi_|^(_ITM_\w+TMCloneTable|__gmon_start__|__cxa_finalize)$/.test(name),
      );
      assert.deepEqual(foreign, []);
    });

    it('exports only its two entry points', () => {
      const shown = [...readelf('--dyn-syms').matchAll(/ GLOBAL +DEFAULT +\d+ (\S+)/g)].map(
        ([, name]) => name,
      );
      assert.deepEqual(shown.sort(), ['napi_register_module_v1', 'node_api_module_get_api_version_v1']);
    });

    it('is bound at load and then read-only, without an executable stack', () => {
      assert.match(readelf('--dynamic'), /FLAGS.* BIND_NOW|\(FLAGS_1\) .*NOW/);
      const segments = readelf('--segments');
      assert.match(segments, /GNU_RELRO/);
      assert.match(segments, /GNU_STACK .* RW +0x/);
    });
  });
}
