import type { AlertCase } from './alert-case.ts';

const ns = 'namespace="gridlock"';
const pod = (name: string) => `${ns},pod="${name}"`;
const root = (generation: string) => `namespace="cert-manager",name="gridlock-root-${generation}"`;
const DAY = 86_400;
const certificate = { namespace: 'gridlock', name: 'gridlock-edge' };
const certificateSeries = `{namespace="gridlock",name="gridlock-edge"}`;

export const CERTIFICATE_CASES: readonly AlertCase[] = [
  {
    name: 'a certificate expires within a day',
    alert: 'GridlockCertificateExpires',
    severity: 'critical',
    fires: [certificate],
    series: {
      [`certmanager_certificate_expiration_timestamp_seconds${certificateSeries}`]: '72000x20',
    },
  },
  {
    name: 'a certificate has days left',
    alert: 'GridlockCertificateExpires',
    fires: [],
    series: {
      [`certmanager_certificate_expiration_timestamp_seconds${certificateSeries}`]: '432000x20',
    },
  },
  {
    name: 'a renewal is overdue',
    alert: 'GridlockCertificateNotRenewed',
    at: 90,
    fires: [certificate],
    series: {
      [`certmanager_certificate_renewal_timestamp_seconds${certificateSeries}`]: '600x100',
    },
  },
  {
    name: 'a renewal has just become due',
    alert: 'GridlockCertificateNotRenewed',
    at: 20,
    fires: [],
    series: {
      [`certmanager_certificate_renewal_timestamp_seconds${certificateSeries}`]: '600x100',
    },
  },
  {
    name: 'a certificate is not ready',
    alert: 'GridlockCertificateNotReady',
    at: 20,
    fires: [{ ...certificate, condition: 'False' }],
    series: {
      [`certmanager_certificate_ready_status{namespace="gridlock",name="gridlock-edge",condition="False"}`]: '1x30',
    },
  },
  {
    name: 'the root that issues ends within a year',
    alert: 'GridlockRootExpires',
    at: 70,
    fires: [{ namespace: 'cert-manager', name: 'gridlock-root-g1' }],
    series: {
      [`certmanager_certificate_expiration_timestamp_seconds{${root('g1')}}`]: `${364 * DAY}x80`,
    },
  },
  {
    name: 'the issuing root has more than a year, and a root that is only accepted has less',
    alert: 'GridlockRootExpires',
    at: 70,
    fires: [],
    series: {
      [`certmanager_certificate_expiration_timestamp_seconds{${root('g1')}}`]: `${366 * DAY}x80`,
      [`certmanager_certificate_expiration_timestamp_seconds{${root('g0')}}`]: `${10 * DAY}x80`,
    },
  },
  {
    name: 'what one edge serves expires within a day',
    alert: 'GridlockEdgeCertificateExpires',
    severity: 'critical',
    fires: [{ namespace: 'gridlock', pod: 'edge-a' }],
    series: {
      [`gridlock_edge_certificate_not_after_seconds{${pod('edge-a')}}`]: `${0.9 * DAY}x20`,
      [`gridlock_edge_certificate_not_after_seconds{${pod('edge-b')}}`]: `${6 * DAY}x20`,
    },
  },
  {
    name: 'an edge that has just started has served nothing yet',
    alert: 'GridlockEdgeCertificateExpires',
    fires: [],
    series: { [`gridlock_edge_certificate_not_after_seconds{${pod('edge-a')}}`]: '0x20' },
  },
  {
    name: 'an edge does not take its certificate',
    alert: 'GridlockEdgeCertificateFails',
    fires: [{ namespace: 'gridlock', pod: 'edge-a' }],
    series: {
      [`gridlock_edge_certificate_failures_total{${pod('edge-a')}}`]: '0+9x20',
      [`gridlock_edge_certificate_failures_total{${pod('edge-b')}}`]: '0x20',
    },
  },
  {
    name: 'a check failed once, while a certificate was replaced',
    alert: 'GridlockEdgeCertificateFails',
    fires: [],
    series: { [`gridlock_edge_certificate_failures_total{${pod('edge-a')}}`]: '0x8 2x12' },
  },
  {
    name: 'a certificate from a directory is due',
    stack: 'files',
    alert: 'GridlockEdgeCertificateDue',
    fires: [{ namespace: 'gridlock', pod: 'edge-a' }],
    series: { [`gridlock_edge_certificate_not_after_seconds{${pod('edge-a')}}`]: `${1.9 * DAY}x20` },
  },
  {
    name: 'a certificate from a directory has days left',
    stack: 'files',
    alert: 'GridlockEdgeCertificateDue',
    fires: [],
    series: { [`gridlock_edge_certificate_not_after_seconds{${pod('edge-a')}}`]: `${3 * DAY}x20` },
  },
  {
    name: 'a certificate from a directory was not issued again',
    stack: 'files',
    alert: 'GridlockEdgeCertificateExpires',
    severity: 'critical',
    fires: [{ namespace: 'gridlock', pod: 'edge-a' }],
    series: { [`gridlock_edge_certificate_not_after_seconds{${pod('edge-a')}}`]: `${0.5 * DAY}x20` },
  },
  {
    name: 'a certificate of npm start was not renewed',
    stack: 'local',
    alert: 'GridlockEdgeCertificateExpires',
    severity: 'critical',
    fires: [{ namespace: 'gridlock', pod: 'edge', role: 'leaf' }],
    series: {
      [`certificate_not_after_seconds{${pod('edge')},role="leaf"}`]: `${0.5 * DAY}x20`,
      [`certificate_not_after_seconds{${pod('edge')},role="root"}`]: `${0.5 * DAY}x20`,
    },
  },
];
