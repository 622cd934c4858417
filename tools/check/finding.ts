/**
 * What a check found.
 *
 * @module
 */

/** One place that breaks a rule, and what to do about it. */
export interface Finding {
  /** The file, below the root of the source. */
  readonly path: string;
  /** The line, from 1. */
  readonly line: number;
  /** The name of the rule. */
  readonly rule: string;
  /** What is wrong, and what to do. */
  readonly message: string;
}

/** `file:line: rule: message`, the form that editors jump to. */
export function renderFinding({ path, line, rule, message }: Finding): string {
  return `${path}:${line}: ${rule}: ${message}`;
}

/** Findings by file, then by line, then by rule. */
export function sortFindings(findings: readonly Finding[]): Finding[] {
  return findings.toSorted((a, b) =>
    compare(a.path, b.path) || a.line - b.line || compare(a.rule, b.rule)
  );
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
