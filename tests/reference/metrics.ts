import { code, GENERATED, type ReferencePage, table } from './page.ts';

/** Labels that every sample of a replica has, or that only tell buckets apart. */
const COMMON = new Set(['replica', 'le', 'quantile']);

/** The names of the labels of a sample, such as `gridlock_closes_total{code="1000"} 0`. */
const labelNames = (sample: string): string[] => [...sample.matchAll(/[{,]([a-z_]+)="/g)].map(([, name]) => name!);

/** Rows of name, type, labels and meaning, from Prometheus's text format. Metrics that Node.js has anyway are left out. */
function rows(exposition: string, prefix: string): string[][] {
  const lines = exposition.split('\n');
  const helps = lines.flatMap((line) => [...line.matchAll(/^# HELP (\S+) (.*)$/g)]);
  return helps
    .filter(([, name]) => name!.startsWith(prefix))
    .map(([, name, help]) => {
      const type = lines
        .find((line) => line.startsWith(`# TYPE ${name} `))!
        .split(' ')
        .at(-1)!;
      const samples = lines.filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name}_bucket{`));
      const labels = [...new Set(samples.flatMap(labelNames))].filter((label) => !COMMON.has(label)).sort();
      return [code(name!), type, labels.map(code).join(', '), help!];
    })
    .sort(([one], [other]) => (one! < other! ? -1 : 1));
}

/** What each part answers to `GET /metrics`. */
export interface Expositions {
  readonly replica: string;
  readonly agent: string;
  readonly renewal: string;
}

/** Every metric of ours, from what running parts expose. */
export function metricsPage({ replica, agent, renewal }: Expositions): ReferencePage {
  const head = ['metric', 'type', 'labels', 'meaning'];
  const text = `# Metrics

${GENERATED}

Names of players and rooms are never labels, so that the number of series stays bounded. Every labelled counter starts
with a series of 0 for each value that its labels may have. \`npm run metrics\` prints a Prometheus configuration for a
cluster of \`npm start\`; [operations](../guides/operations.md#metrics-boards-and-alerts) describes the boards and alerts.

## Replicas

Served as \`/metrics\` on the internal port of each replica, with the label \`replica\` and the default metrics of Node.js.

${table(head, rows(replica, 'gridlock_'))}

## The agent of the plain edge on Kubernetes

${table(head, rows(agent, 'gridlock_'))}

HAProxy's own exporter runs next to it, see
[its documentation](https://docs.haproxy.org/3.2/configuration.html#5.2).

## Renewal of certificates

Served by \`npm run certs -- watch\`.

${table(head, rows(renewal, 'certificate_'))}
`;
  return { file: 'docs/reference/metrics.md', text };
}
