import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { promisify } from 'node:util';
import { createGzip, gunzip } from 'node:zlib';
import type { OperationFile } from '../operations/operation.js';
import { fileName, type ProfileOrigin } from './profile-origin.js';

/** Go's endpoints serve pprof under this type, and Alloy accepts no other. */
const PPROF = 'application/octet-stream';

interface Forms {
  /** Gzipped. */
  pprof(): Uint8Array | Promise<Uint8Array>;
  json(): Uint8Array | Promise<Uint8Array>;
}

/** A profile in its formats: pprof for a client without a preference, and V8's own under two names. */
export function filesOf(
  kind: 'cpu' | 'heap',
  origin: ProfileOrigin,
  atMs: number,
  { pprof, json }: Forms,
): readonly OperationFile[] {
  const filename = fileName(kind, origin, atMs, `${kind}profile`);
  return [
    { mediaType: PPROF, filename: fileName(kind, origin, atMs, 'pb.gz'), bytes: pprof },
    { mediaType: `application/vnd.v8.${kind}profile+json`, filename, bytes: json },
    { mediaType: 'application/json', filename, bytes: json },
  ];
}

/** Other work gets its turn between the pieces. */
export function compressed(pieces: Iterable<string>): Promise<Uint8Array> {
  return buffer(Readable.from(pieces, { objectMode: false }).pipe(createGzip()));
}

export const decompressed: (bytes: Uint8Array) => Promise<Uint8Array> = promisify(gunzip);
