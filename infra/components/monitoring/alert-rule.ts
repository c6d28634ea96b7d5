/** A rule of Prometheus, in the form for `PrometheusRule` and `promtool`. */
export interface AlertRule {
  readonly alert: string;
  readonly expr: string;
  readonly for: string;
  readonly labels: { readonly severity: 'warning' | 'critical' };
  readonly annotations: { readonly summary: string; readonly description: string };
}

export interface RuleGroup {
  readonly name: string;
  readonly rules: readonly AlertRule[];
}

/** A rule whose name begins with our prefix. Its expression is one line, so that a diff shows what changed. */
export const rule = (
  severity: 'warning' | 'critical',
  alert: string,
  expr: string,
  pending: string,
  summary: string,
  description: string,
): AlertRule => ({
  alert: `Gridlock${alert}`,
  expr: expr.replace(/\s+/g, ' ').trim(),
  for: pending,
  labels: { severity },
  annotations: { summary, description },
});
