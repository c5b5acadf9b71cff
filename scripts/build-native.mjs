// Compiles the addon: `node scripts/build-native.mjs [--out FOLDER] [--target x64|arm64 …] [--strict] [--required]`.
// One call of the compiler, no node-gyp: the addon needs Node-API's headers and nothing else of Node.
// If it cannot be compiled, this says why and exits with 0 (captures then run in-process); with --required it exits
// with 1.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { include_dir as headers } from 'node-api-headers';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const sources = join(root, 'src', 'native');
const triples = { x64: 'x86_64-linux-gnu', arm64: 'aarch64-linux-gnu' };

// No libstdc++ (so the gcc driver, no exceptions, no guards for statics); only the module's entry point is visible.
// Every slot is bound at load and read-only: lock_slots.cc leaves ours alone, and none of our calls is resolved lazily
// in the child.
const flags = [
  ...['-x', 'c++', '-std=c++17', '-O2', '-Wall', '-Wextra'],
  ...['-fno-exceptions', '-fno-rtti', '-fno-threadsafe-statics', '-fvisibility=hidden'],
  ...[
    '-fPIC',
    '-shared',
    '-s',
    '-Wl,-z,relro',
    '-Wl,-z,now',
    '-Wl,-z,noexecstack',
    '-Wl,-z,nodelete',
    '-Wl,--as-needed',
  ],
];

const { values: asked } = parseArgs({
  options: {
    /** Folder for the binary. */
    out: { type: 'string', default: join(root, 'dist', 'src', 'native') },
    target: { type: 'string', multiple: true, default: [process.arch] },
    /** Warnings are errors. */
    strict: { type: 'boolean', default: process.env.TEST_NO_SKIPS === '1' },
    required: { type: 'boolean', default: false },
  },
});
for (const target of asked.target) build(target);

function build(target) {
  const triple = triples[target];
  if (process.platform !== 'linux' || triple === undefined) {
    return skip(target, 'it supports only Linux on x64 and arm64');
  }
  const files = readdirSync(sources, { recursive: true }).filter((file) => /\.(cc|h)$/.test(file));
  const digest = digestOf(target, files);
  const output = join(asked.out, `linux-${target}.node`);
  if (existsSync(output) && readFileSync(output).includes(Buffer.from(digest, 'hex'))) return;
  // A binary built from other sources may not be what binding.ts expects.
  rmSync(output, { force: true });

  const compiler = target === process.arch ? 'gcc' : `${triple}-gcc`;
  const problem = problemOf(compiler);
  if (problem !== null) return skip(target, problem);
  const from = performance.now();
  process.stderr.write(`leakwatch: compiling the addon for linux-${target} … `);
  mkdirSync(asked.out, { recursive: true });
  // Renamed into place: a program that has loaded the old one must not see it change.
  const unfinished = `${output}.${process.pid}`;
  const { status, stderr, error } = spawnSync(
    compiler,
    [
      ...flags,
      ...(asked.strict ? ['-Werror'] : []),
      // The digest is the build id: it shows which sources a binary was built from.
      `-Wl,--build-id=0x${digest}`,
      ...['-I', headers, '-o', unfinished],
      ...files.filter((file) => file.endsWith('.cc')).map((file) => join(sources, file)),
    ],
    { encoding: 'utf8' },
  );
  if (status !== 0) {
    rmSync(unfinished, { force: true });
    process.stderr.write(`failed\n${stderr ?? ''}${error?.message ?? ''}\n`);
    process.exit(1);
  }
  renameSync(unfinished, output);
  process.stderr.write(`done (${((performance.now() - from) / 1000).toFixed(1)} s)\n${stderr}`);
}

function digestOf(target, files) {
  const hash = createHash('sha256').update(JSON.stringify([target, flags]));
  const headerFiles = readdirSync(headers).map((file) => join(headers, file));
  for (const file of [...files.map((name) => join(sources, name)), ...headerFiles].sort()) {
    hash.update(readFileSync(file)).update('\0');
  }
  return hash.digest('hex');
}

/** Null if `compiler` compiles C++ for glibc; otherwise why not. */
function problemOf(compiler) {
  const { status, stderr, error } = spawnSync(compiler, ['-x', 'c++', '-std=c++17', '-fsyntax-only', '-'], {
    input:
      '#include <features.h>\n#include <linux/futex.h>\n#ifndef __GLIBC__\n#error the C library is not glibc\n#endif\n',
    encoding: 'utf8',
  });
  if (error !== undefined) return `${compiler} is not installed`;
  return status === 0 ? null : `${compiler} cannot compile C++ (${stderr.trim().split('\n')[0]})`;
}

function skip(target, reason) {
  const consequence = asked.required
    ? 'The package must contain it.'
    : 'Without it, captures pause the service.';
  process.stderr.write(
    `leakwatch: not compiling the addon for ${process.platform}-${target}: ${reason}. ${consequence}\n`,
  );
  if (asked.required) process.exit(1);
}
