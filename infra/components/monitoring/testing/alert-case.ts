/** Made-up series, by the minute, and whether an alert fires on them. */
export interface AlertCase {
  name: string;
  series: Record<string, string>;
  /** Minute it is looked at; default: 15. */
  at?: number;
  alert: string;
  /** Labels of each that fires, without the severity; none: it must be silent. */
  fires: Record<string, string>[];
  severity?: 'warning' | 'critical';
  /** Whose rules: default: those of a stack with cert-manager. */
  stack?: 'files' | 'other' | 'local';
}
