import { request } from 'node:http';
import type { Report } from '../report/report.js';
import { MIB } from '../runtime/units.js';
import { readReport } from './report-text.js';

/** A busy program responds late; it is asked again anyway. */
const TIMEOUT_MS = 5000;
const MAX_REPORT_BYTES = 32 * MIB;

/** A report; or none now (the process is busy or starting); or none ever again (it has ended). */
export type ReportReply =
  | { readonly outcome: 'report'; readonly report: Report }
  | { readonly outcome: 'later' }
  | { readonly outcome: 'gone' };

/** `GET /ops/leaks` of the process that listens on `socketPath`. Never rejects. */
export function fetchReport(socketPath: string, token: string): Promise<ReportReply> {
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
      resolve({ outcome: code === 'ECONNREFUSED' || code === 'ENOENT' ? 'gone' : 'later' }),
    );
    asked.on('response', (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (part: string) => {
        text += part;
        if (text.length > MAX_REPORT_BYTES) asked.destroy();
      });
      response.on('end', () => {
        const report = response.statusCode === 200 ? readReport(text) : null;
        resolve(report === null ? { outcome: 'later' } : { outcome: 'report', report });
      });
      response.on('close', () => resolve({ outcome: 'later' }));
    });
    asked.end();
  });
}
