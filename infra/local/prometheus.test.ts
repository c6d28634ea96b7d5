import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parse } from 'yaml';
import { missingFrom, prometheusConfig } from './prometheus.ts';
import type { AnyStatus } from './system-status.ts';

const EDGE = { port: 8443, httpPort: 8080, metricsPort: 20_001, runtimeSocket: '/x', restarts: 0 };
const COMMON = { running: true, url: 'https://localhost:8443', startedAt: '2026-01-31T10:00:00.000Z' };
const replica = (number: number) => ({
  name: `ws${number}`,
  appId: String(number).repeat(4),
  internalPort: 21_000 + number,
});
const CLUSTER = { ...COMMON, edge: EDGE, replicas: [replica(1), replica(2)] } as unknown as AnyStatus;
const SERVERS = { ...COMMON, edge: EDGE, servers: [], server: {} } as unknown as AnyStatus;

interface Configuration {
  rule_files?: string[];
  scrape_configs: {
    job_name: string;
    metrics_path: string;
    static_configs: { targets: string[]; labels: { namespace: string; pod: string } }[];
  }[];
}
const read = (status: AnyStatus, rulesFile?: string) =>
  parse(prometheusConfig(status, { namespace: 'here', rulesFile })) as Configuration;

test('each replica is a pod, and so is the edge, which has three kinds of metrics', () => {
  const { scrape_configs: jobs, rule_files: rules } = read(CLUSTER);
  assert.equal(rules, undefined);
  const lines = jobs.flatMap(({ job_name: name, metrics_path: path, static_configs: all }) =>
    all.map(({ targets, labels }) => [name, path, ...targets, labels.namespace, labels.pod].join(' ')),
  );
  assert.deepEqual(lines, [
    'gridlock-replicas /metrics 127.0.0.1:21001 here ws1',
    'gridlock-replicas /metrics 127.0.0.1:21002 here ws2',
    'gridlock-edge /metrics 127.0.0.1:20001 here edge',
    'gridlock-edge-refusals /refusals 127.0.0.1:20001 here edge',
    'gridlock-certificates /certificates 127.0.0.1:20001 here edge',
  ]);
});

test("with the user's own servers, only the edge is scraped", () => {
  assert.deepEqual(
    read(SERVERS).scrape_configs.map(({ job_name: name }) => name),
    ['gridlock-edge', 'gridlock-edge-refusals', 'gridlock-certificates'],
  );
});

test('an HAProxy without the exporter is left out, and a sentence says so', () => {
  const { metricsPort: _, ...edge } = EDGE;
  const status = { ...CLUSTER, edge } as AnyStatus;
  assert.deepEqual(
    read(status).scrape_configs.map(({ job_name: name }) => name),
    ['gridlock-replicas'],
  );
  assert.match(missingFrom(status)!, /without its Prometheus exporter/);
  assert.equal(missingFrom(CLUSTER), undefined);
});

test('a file of alert rules is named', () => {
  assert.deepEqual(read(CLUSTER, '/x/rules.yml').rule_files, ['/x/rules.yml']);
});
