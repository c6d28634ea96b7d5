import type { Monitored } from './monitored.ts';

/**
 * A source of metrics about the certificate that the edge serves. `labels` are matchers, as in `namespace="gridlock"`.
 */
export interface CertificateSource {
  /** When it expires, in seconds since 1970; no series while that is not known. */
  notAfter(labels: string): string;
  /** Above 0 where it was replaced within the window. */
  replaced(labels: string, window: string): string;
  /** The legend of one line. */
  readonly legend: string;
}

/** The plain edge's agent. 0 until it has served one. */
const AGENT: CertificateSource = {
  notAfter: (labels) => `(gridlock_edge_certificate_not_after_seconds{${labels}} > 0)`,
  replaced: (labels, window) =>
    `sum by (pod) (increase(gridlock_edge_certificate_changes_total{${labels}}[${window}])) > 0`,
  legend: '{{pod}}',
};

/** The authority of `npm start`, behind its edge. */
export const AUTHORITY: CertificateSource = {
  notAfter: (labels) => `certificate_not_after_seconds{${labels},role=~"leaf|served"}`,
  replaced: (labels, window) =>
    `sum by (role) (changes(certificate_not_after_seconds{${labels},role=~"leaf|served"}[${window}])) > 0`,
  legend: '{{role}}',
};

/** cert-manager, whose series name the namespace of each certificate, and no pod of the edge. */
const CERT_MANAGER: CertificateSource = {
  notAfter: (labels) => `(certmanager_certificate_expiration_timestamp_seconds{${labels}} > 0)`,
  replaced: (labels, window) =>
    `sum by (name) (changes(certmanager_certificate_expiration_timestamp_seconds{${labels}}[${window}])) > 0`,
  legend: '{{name}}',
};

/** The source on Kubernetes; undefined where there is none. */
export function certificateSource({
  edge,
  certificates,
}: Pick<Monitored, 'edge' | 'certificates'>): CertificateSource | undefined {
  if (edge.tellsCertificate) return AGENT;
  return certificates.certManager === undefined ? undefined : CERT_MANAGER;
}

/** Whether the source's series belong only to a namespace, and not to a pod of the edge. */
export const isOfNamespace = (source: CertificateSource): boolean => source === CERT_MANAGER;
