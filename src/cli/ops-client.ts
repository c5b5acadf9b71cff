import { request } from 'node:http';
import { type Report, SCHEMA_VERSION } from '../report/report.js';
import { MIB } from '../runtime/units.js';

/** A busy program responds late; it is asked again anyway. */
const TIMEOUT_MS = 5000;
const MAX_REPORT_BYTES = 32 * MIB;

/**
 * `GET /ops/leaks` of the process that listens on `socketPath`. `later`: no report now, since the process is busy or
 * starting; `gone`: none ever again, since it has ended. Never rejects.
 */
export function fetchReport(socketPath: string, token: string): Promise<Report | 'later' | 'gone'> {
  return new Promise((resolve) => {
    const asked = request({
      socketPath,
      path: '/ops/leaks',
      headers: { accept: 'application/json', authorization: `Bearer ${token}` },
      agent: false,
      timeout: TIMEOUT_MS,
    });
    asked.on('timeout', () => asked.destroy());
    asked.on('error', ({ code }: NodeJS.ErrnoException) =>
      resolve(code === 'ECONNREFUSED' || code === 'ENOENT' ? 'gone' : 'later'),
    );
    asked.on('response', (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (part: string) => {
        text += part;
        if (text.length > MAX_REPORT_BYTES) asked.destroy();
      });
      response.on('end', () => resolve((response.statusCode === 200 ? readReport(text) : null) ?? 'later'));
      response.on('close', () => resolve('later'));
    });
    asked.end();
  });
}

/** Parses the JSON of a report; null for anything else. */
export function readReport(text: string): Report | null {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== 'object' || value === null) return null;
    const { schemaVersion, findings } = value as Partial<Report>;
    return schemaVersion === SCHEMA_VERSION && Array.isArray(findings) ? (value as Report) : null;
  } catch {
    return null;
  }
}
