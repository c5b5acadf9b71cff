import { type Report, SCHEMA_VERSION } from '../report/report.js';

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
