import type { CertificateSource } from '../certificate-source.ts';
import type { Annotation } from './dashboard.ts';

/** Events of the operations page that no operator caused. */
const FAULTS = 'gone|not_ready|redis|takeover';

const WINDOW = '$__rate_interval';

/** The events that every board marks. `game` and `edge` match the series of the replicas and of the edge. */
export function annotationsOf(game: string, edge: string, certificates: CertificateSource | undefined): Annotation[] {
  const rotations: Annotation[] =
    certificates === undefined
      ? []
      : [
          {
            name: 'Rotations',
            color: 'blue',
            expr: certificates.replaced(edge, WINDOW),
            text: `The certificate of the edge was replaced (${certificates.legend}).`,
          },
        ];
  return [
    {
      name: 'Faults',
      color: 'red',
      expr: `sum by (kind) (increase(gridlock_operations_events_total{${game},kind=~"${FAULTS}"}[${WINDOW}])) > 0`,
      text: '{{kind}}: the operations page says what happened.',
    },
    {
      name: 'Restarts of Redis',
      color: 'red',
      expr: `max by (node) (resets(gridlock_redis_uptime_seconds{${game}}[${WINDOW}])) > 0`,
      text: 'Redis was started again ({{node}}).',
    },
    {
      name: 'Drains',
      color: 'orange',
      expr: `max by (pod) (gridlock_draining{${game}}) > 0`,
      text: '{{pod}} drains.',
    },
    ...rotations,
    {
      name: 'Actions of operators',
      color: 'blue',
      expr: `sum by (pod) (increase(gridlock_operations_events_total{${game},kind="action"}[${WINDOW}])) > 0`,
      text: 'An operator acted on the operations page, which shows the action.',
    },
  ];
}
