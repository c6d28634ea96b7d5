/** Made-up series, by the minute, and whether an alert fires on them. */
export interface AlertCase {
  name: string;
  series: Record<string, string>;
  /** Minute of the evaluation; default: 15. */
  at?: number;
  alert: string;
  /** Labels of each firing alert, without the severity; empty when it must be silent. */
  fires: Record<string, string>[];
  severity?: 'warning' | 'critical';
  /** The rules; default: those of a stack with cert-manager. */
  stack?: 'files' | 'other' | 'local';
}
