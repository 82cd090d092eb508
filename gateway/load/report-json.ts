/** A report for programs. Secrets of the plan stay out of it. */
import { doubtsOf } from './report-text.ts';
import type { LoadReport } from './run-load.ts';
import type { CheckedThreshold } from './thresholds.ts';

export function reportJson(report: LoadReport, checked: readonly CheckedThreshold[]): string {
  const { authorization: _authorization, password: _password, ...plan } = report.plan;
  const thresholds = checked.map(({ written, value, isCrossed }) => ({
    written,
    value: value ?? null,
    crossed: isCrossed,
  }));
  return `${JSON.stringify({ ...report, plan, thresholds, notes: doubtsOf(report) }, null, 2)}\n`;
}
