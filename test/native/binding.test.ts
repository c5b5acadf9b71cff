import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { BindingChoice } from '../../src/native/binding.js';
import { binding, unavailable } from './forked-job.js';

const BINDING = fileURLToPath(new URL('../../src/native/binding.js', import.meta.url));
const FILE = `linux-${process.arch}.node`;
const ADDON = join(dirname(BINDING), FILE);

const folder = mkdtempSync(join(tmpdir(), 'leakwatch-binding-'));
after(() => rmSync(folder, { recursive: true }));
writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');

interface Loading {
  /** A copy of binding.js with this as the addon beside it; null: none. */
  readonly addon?: string | Buffer | null;
  readonly platform?: string;
  readonly arch?: string;
  readonly env?: NodeJS.ProcessEnv;
}

/** What another process is told by `loadBinding()`. */
function reasonOf({ addon, platform, arch, env }: Loading): string | null {
  let module = BINDING;
  if (addon !== undefined) {
    const place = mkdtempSync(join(folder, 'place-'));
    module = join(place, 'binding.js');
    copyFileSync(BINDING, module);
    if (addon !== null) writeFileSync(join(place, FILE), addon);
  }
  const program = `
    const properties = ${JSON.stringify({ ...(platform && { platform }), ...(arch && { arch }) })};
    for (const [name, value] of Object.entries(properties)) Object.defineProperty(process, name, { value });
    const { loadBinding } = await import(${JSON.stringify(module)});
    const { binding, reason } = loadBinding();
    console.log(JSON.stringify({ reason, symbol: binding?.missingSymbol ?? null, same: loadBinding().binding === binding }));`;
  const args = ['--input-type=module', '--eval', program];
  const told = execFileSync(process.execPath, args, { encoding: 'utf8', env: { ...process.env, ...env } });
  const { reason, symbol, same } = JSON.parse(told) as {
    reason: BindingChoice['reason'];
    symbol: string | null;
    same: boolean;
  };
  assert.ok(same);
  return reason ?? symbol;
}

describe('loadBinding', () => {
  it('on any other machine says for which ones there is an addon', () => {
    const only = 'forked captures work only on linux-x64 and linux-arm64';
    assert.equal(reasonOf({ platform: 'darwin', arch: 'arm64' }), only);
    assert.equal(reasonOf({ platform: 'win32', arch: 'x64' }), only);
    assert.equal(reasonOf({ platform: 'linux', arch: 'riscv64' }), only);
  });

  it('says that the addon was not built', { skip: process.platform !== 'linux' }, () => {
    assert.equal(reasonOf({ addon: null }), 'the addon was not built (no C++ compiler)');
  });

  it('says why a file is not an addon', { skip: process.platform !== 'linux' }, () => {
    assert.match(
      reasonOf({ addon: 'garbage' }) ?? '',
      /^the addon cannot be loaded: .+: (invalid ELF header|file too short)$/,
    );
    assert.match(reasonOf({ addon: '' }) ?? '', /^the addon cannot be loaded: .+: file too short$/);
  });

  it('gives no reason if the addon loads', { skip: unavailable }, () => {
    assert.equal(reasonOf({}), null);
  });
});

/** A library whose dlsym does not find one name, as on a Node that does not export it; why there is none. */
function hiding(): { readonly library: string; readonly lack: string | false } {
  const library = join(folder, 'hiding.so');
  const source = `
    #define _GNU_SOURCE
    #include <dlfcn.h>
    #include <stdlib.h>
    #include <string.h>
    void *dlsym(void *handle, const char *name) {
      static void *(*real)(void *, const char *);
      if (!real) real = dlvsym(RTLD_NEXT, "dlsym", "${process.arch === 'x64' ? 'GLIBC_2.2.5' : 'GLIBC_2.17'}");
      const char *hidden = getenv("HIDDEN_SYMBOL");
      return hidden && strcmp(hidden, name) == 0 ? NULL : real(handle, name);
    }`;
  mkdirSync(folder, { recursive: true });
  const { status, error } = spawnSync('gcc', ['-shared', '-fPIC', '-x', 'c', '-', '-o', library], {
    input: source,
  });
  if (unavailable) return { library, lack: unavailable };
  if (status === 0) return { library, lack: false };
  return { library, lack: error?.message ?? 'gcc failed' };
}

describe('A Node that exports less', { skip: hiding().lack }, () => {
  const without = (symbol: string): string | null =>
    reasonOf({ env: { LD_PRELOAD: hiding().library, HIDDEN_SYMBOL: symbol } });

  it('has an addon that forks but does not walk the heap, and names what is missing', () => {
    assert.equal(binding().missingSymbol, null);
    assert.equal(without('_ZN2v87Isolate15GetHeapProfilerEv'), '_ZN2v87Isolate15GetHeapProfilerEv');
    assert.equal(without('v8dbg_class_Map__bit_field3__int'), 'v8dbg_class_Map__bit_field3__int');
  });

  it('has none without V8’s debugging symbols, or with another C library', () => {
    assert.equal(without('v8dbg_SmiShiftSize'), "this Node.js does not export V8's symbols");
    assert.equal(without('gnu_get_libc_version'), 'the C library is not glibc');
  });
});

describe('scripts/build-native.mjs', { skip: unavailable }, () => {
  const root = dirname(dirname(dirname(BINDING.replace(/\/(dist|\.build\/[^/]+)\//, '/'))));
  const script = join(root, 'scripts', 'build-native.mjs');

  /** With an empty search path: Node is found by its own path, a compiler is not. */
  function build(...args: string[]): { readonly status: number | null; readonly stderr: string } {
    return spawnSync(process.execPath, [script, '--out', join(folder, 'built'), ...args], {
      encoding: 'utf8',
      env: { PATH: folder },
    });
  }

  it('says so and continues without a compiler, but fails if the package must contain the addon', () => {
    const { status, stderr } = build();
    assert.equal(status, 0);
    assert.match(stderr, /^leakwatch: not compiling the addon for linux-\w+: gcc is not installed\. /);
    assert.ok(!existsSync(join(folder, 'built')));
    assert.equal(build('--required').status, 1);
  });

  it('needs no compiler for a binary built from these sources, and removes any other', () => {
    mkdirSync(join(folder, 'built'), { recursive: true });
    copyFileSync(ADDON, join(folder, 'built', FILE));
    assert.deepEqual([build('--required').status, build().stderr], [0, '']);
    writeFileSync(join(folder, 'built', FILE), 'built of something else');
    assert.equal(build().status, 0);
    assert.ok(!existsSync(join(folder, 'built', FILE)));
  });
});
