import type { Monitored } from '../monitored.ts';

/** A cluster of Gridlock's behind the ingress controller. */
export const CONTROLLER: Monitored = {
  cluster: 'gridlock',
  namespace: 'gridlock',
  server: { kind: 'gridlock', pods: { labels: { of: 'server' }, endpoints: [{ port: 'internal', path: '/metrics' }] } },
  edge: {
    pods: { namespace: 'gridlock-edge', labels: { of: 'edge' }, endpoints: [{ port: 'stat', path: '/metrics' }] },
    refusalsPort: 'stat',
    tellsCertificate: false,
  },
  redis: 'sentinel',
  isScaled: true,
  certificates: { certManager: { namespace: 'cert-manager', issuing: 'g1' } },
};

/** The same behind a plain HAProxy in its own namespace. */
export const PLAIN: Monitored = {
  ...CONTROLLER,
  edge: {
    pods: {
      labels: { of: 'edge' },
      endpoints: [
        { port: 'metrics', path: '/metrics' },
        { port: 'agent', path: '/metrics' },
      ],
    },
    refusalsPort: 'metrics',
    tellsCertificate: true,
  },
};

/** The same with certificates from files. */
export const FILES: Monitored = { ...PLAIN, certificates: {} };

/** A user's server without metrics. */
export const OTHER: Monitored = { ...CONTROLLER, server: { kind: 'other' }, redis: undefined };
