/**
 * Namespace of Prometheus, Alertmanager and Grafana: the stack's, or where the operator's own are expected.
 */
export const MONITORING_NAMESPACE = 'monitoring';
/** Name of the stack's Helm release, by which its Prometheus finds what it shall watch. */
export const MONITORING_RELEASE = 'monitoring';
