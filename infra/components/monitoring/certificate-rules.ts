import { FIRST, pkiLifetimes, rootName } from '../certificates/pki-plan.ts';
import { scopeOf } from '../names.ts';
import { type AlertRule, rule } from './alert-rule.ts';
import type { Monitored } from './monitored.ts';
import { THRESHOLDS } from './thresholds.ts';

const { certificate } = THRESHOLDS;

/** Alerts on cert-manager's metrics of its certificates, in the namespace of a cluster and in its own. */
export function certificateRules(
  { cluster, namespace }: Pick<Monitored, 'cluster' | 'namespace'>,
  manager: NonNullable<Monitored['certificates']['certManager']>,
): AlertRule[] {
  const root = rootName(scopeOf(namespace, cluster), manager.issuing ?? FIRST.issuing);
  const ours = `namespace=~"${namespace}|${manager.namespace}"`;
  return [
    rule(
      'critical',
      'CertificateExpires',
      `
      certmanager_certificate_expiration_timestamp_seconds{${ours}} - time() < 24 * 3600
        and certmanager_certificate_expiration_timestamp_seconds{${ours}} > 0`,
      '10m',
      'The certificate {{ $labels.name }} expires in {{ $value | humanizeDuration }}.',
      'It should have been renewed days ago. kubectl describe certificate {{ $labels.name }} says why it was not.',
    ),
    rule(
      'warning',
      'CertificateNotRenewed',
      `
      time() - certmanager_certificate_renewal_timestamp_seconds{${ours}} > 3600
        and certmanager_certificate_renewal_timestamp_seconds{${ours}} > 0`,
      '10m',
      'The certificate {{ $labels.name }} is overdue.',
      'Its renewal was due {{ $value | humanizeDuration }} ago. Look at cert-manager and its issuer.',
    ),
    rule(
      'warning',
      'CertificateNotReady',
      `
      certmanager_certificate_ready_status{${ours},condition="False"} == 1`,
      '15m',
      'The certificate {{ $labels.name }} is not ready.',
      'Nothing could be issued: kubectl describe certificate {{ $labels.name }} says why.',
    ),
    rootRule(`namespace="${manager.namespace}",name="${root}"`),
  ];
}

/** @param root matches the root that issues */
const rootRule = (root: string): AlertRule =>
  rule(
    'warning',
    'RootExpires',
    `
    certmanager_certificate_expiration_timestamp_seconds{${root}} - time() < ${pkiLifetimes.root.renewBefore} * 3600
      and certmanager_certificate_expiration_timestamp_seconds{${root}} > 0`,
    '1h',
    'The root {{ $labels.name }}, which issues, expires in {{ $value | humanizeDuration }}.',
    'It is not renewed by itself: npm run rotate -- root-accept, then root-issue once clients trust the new one.',
  );

/** `notAfter` has a series for each certificate that is served, which `label` names. */
export const expiryRule = (notAfter: string, label: 'pod' | 'role'): AlertRule =>
  rule(
    certificate.severity,
    certificate.alert,
    `${notAfter} - time() < ${certificate.at}`,
    '10m',
    `The certificate of the edge ({{ $labels.${label} }}) expires in {{ $value | humanizeDuration }}.`,
    'After that no client can connect. It was not renewed, or the edge does not take the new one: see its log.',
  );

const DUE_HOURS = pkiLifetimes.edge.renewBefore;

/**
 * Alerts on the plain edge's metrics of the certificate that it serves. For a chain from files there are no others.
 * @param edge matches the series of the edge's pods
 */
export function servedCertificateRules(edge: string, isFromFiles: boolean): AlertRule[] {
  const series = (name: string) => `gridlock_edge_certificate_${name}{${edge}}`;
  const end = series('not_after_seconds');
  const due = rule(
    'warning',
    'EdgeCertificateDue',
    `${end} - time() < ${DUE_HOURS} * 3600 and ${end} > 0`,
    '10m',
    'The certificate of {{ $labels.pod }} ends in {{ $value | humanizeDuration }}.',
    'Issue the leaves in certificatesDir again, that of Redis too, and bring the stack up again.',
  );
  return [
    // Otherwise it is renewed automatically, and another alert fires when that fails.
    ...(isFromFiles ? [due] : []),
    expiryRule(`(${end} > 0)`, 'pod'),
    rule(
      'warning',
      'EdgeCertificateFails',
      `rate(${series('failures_total')}[5m]) > 0.05`,
      '5m',
      '{{ $labels.pod }} does not accept its new certificate.',
      'It keeps serving the old one. The log of the container agent says what is wrong with the new one.',
    ),
  ];
}
