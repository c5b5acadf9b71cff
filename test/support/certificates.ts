import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** For `skip`: Node makes no certificates, so the tests need the command. */
export function withoutOpenssl(): string | false {
  return spawnSync('openssl', ['version']).status === 0 ? false : 'openssl is not installed';
}

export interface KeyPair {
  /** Paths of PEM files. */
  readonly key: string;
  readonly cert: string;
}

/** A certificate authority below `folder`, and what it signs. */
export class Authority {
  readonly #folder: string;
  readonly #name: string;
  readonly #own: KeyPair;
  #issued = 0;

  constructor(folder: string, name: string) {
    this.#folder = folder;
    this.#name = name;
    this.#own = { key: join(folder, `${name}.key`), cert: join(folder, `${name}.pem`) };
    const { key, cert } = this.#own;
    run(
      'req',
      '-x509',
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:prime256v1',
      '-nodes',
      '-days',
      '1',
      '-subj',
      `/CN=${name}`,
      '-keyout',
      key,
      '-out',
      cert,
    );
  }

  get cert(): string {
    return this.#own.cert;
  }

  /** `subject` such as `/O=Example/CN=ci`; `names` such as `DNS:localhost,IP:127.0.0.1`. */
  issue(subject: string, names: string, days = 1): KeyPair {
    this.#issued += 1;
    const base = join(this.#folder, `${this.#name}-${this.#issued}`);
    const [key, cert, request, extensions] = [`${base}.key`, `${base}.pem`, `${base}.csr`, `${base}.ext`];
    run(
      'req',
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:prime256v1',
      '-nodes',
      '-subj',
      subject,
      '-keyout',
      key,
      '-out',
      request,
    );
    writeFileSync(extensions, `subjectAltName=${names}\n`);
    run(
      'x509',
      '-req',
      '-in',
      request,
      '-CA',
      this.#own.cert,
      '-CAkey',
      this.#own.key,
      '-CAcreateserial',
      '-days',
      String(days),
      '-extfile',
      extensions,
      '-out',
      cert,
    );
    chmodSync(key, 0o600);
    return { key, cert };
  }
}

function run(...args: readonly string[]): void {
  execFileSync('openssl', args, { stdio: ['ignore', 'ignore', 'pipe'] });
}
