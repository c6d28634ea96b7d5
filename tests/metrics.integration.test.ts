// Checks the boards against the metrics of a running cluster, and against a Prometheus that reads them where it is
// installed.
import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import { parse } from 'yaml';
import { rotate } from '../certs/index.ts';
import { playMatch } from '../infra/play/match.ts';
import { findBinary } from '../infra/setup/binaries.mjs';
import { type Cluster, startCluster } from '../loadtest/kit/cluster.ts';
import { freePorts } from './kit/ports.ts';
import { until } from './kit/wait.ts';

const run = promisify(execFile);
const CLI = path.resolve(import.meta.dirname, '../cli/main.ts');
const prometheus = findBinary('prometheus');

interface Board {
  uid: string;
  panels: { title: string; targets: { expr: string }[] }[];
  templating: { list: { name: string; query: string }[] };
  annotations: { list: { name: string; expr: string }[] };
}
interface Job {
  job_name: string;
  metrics_path: string;
  static_configs: { targets: string[] }[];
}

/** The value of `$__rate_interval` with the interval of the configuration. */
const RATE_INTERVAL = '20s';
const WAIT_MS = 60_000;

describe('gridlock metrics, with a cluster', () => {
  let cluster: Cluster;
  let boards: Board[];
  let configuration: string;
  let configFile: string;
  before(async () => {
    cluster = await startCluster({ replicas: 2 });
    const [directory, rules] = [path.join(cluster.stateDir, 'boards'), path.join(cluster.stateDir, 'rules.yml')];
    const args = ['metrics', '--state-dir', cluster.stateDir, '--boards', directory, '--rules', rules];
    configuration = (await run(process.execPath, [CLI, ...args])).stdout;
    configFile = path.join(cluster.stateDir, 'prometheus.yml');
    writeFileSync(configFile, configuration);
    boards = readdirSync(directory).map((file) => JSON.parse(readFileSync(path.join(directory, file), 'utf8')));
  });
  after(() => cluster?.stop());

  const play = () => playMatch({ url: cluster.url, ca: cluster.rootPem });

  test('every metric of every board is exposed by a target of the configuration', async () => {
    const { scrape_configs: jobs } = parse(configuration) as { scrape_configs: Job[] };
    const read = async (job: Job) => {
      const texts = job.static_configs.map(async ({ targets: [target] }) => {
        const answer = await fetch(`http://${target}${job.metrics_path}`);
        return answer.ok ? answer.text() : '';
      });
      return (await Promise.all(texts)).join('\n');
    };
    let told = '';
    // Redis is asked every few seconds, and the authority begins once the cluster is ready.
    await until(
      async () => {
        told = (await Promise.all(jobs.map(read))).join('\n');
        return /^gridlock_redis_memory_bytes\{/m.test(told) && /^certificate_not_after_seconds\{/m.test(told);
      },
      'Redis and the certificates have metrics',
      WAIT_MS,
    );
    const text = JSON.stringify(boards);
    const used = new Set([...text.matchAll(/\b([a-z]\w*_\w+)\{/g)].map(([, name]) => name as string));
    assert.ok(used.size > 40, `${used.size} metrics`);
    const missing = [...used].filter((name) => !new RegExp(`^${name}[ {]`, 'm').test(told));
    assert.deepEqual(missing, []);
  });

  const skip = prometheus === undefined && 'prometheus is not installed';
  test('a Prometheus has data for every query, and sees faults, a restart of Redis and a rotation', {
    skip,
  }, async (t) => {
    const [port] = (await freePorts(1)) as [number];
    const child = spawn(
      prometheus!,
      [
        `--config.file=${configFile}`,
        `--storage.tsdb.path=${path.join(cluster.stateDir, 'tsdb')}`,
        `--web.listen-address=127.0.0.1:${port}`,
      ],
      { stdio: 'ignore' },
    );
    t.after(async () => {
      const ended = once(child, 'exit');
      child.kill('SIGTERM');
      await ended;
    });
    const begun = Date.now();
    const ask = async <T>(place: string, query: Record<string, string>): Promise<T[]> => {
      const answer = await fetch(`http://127.0.0.1:${port}/api/v1/${place}?${new URLSearchParams(query)}`);
      const { status, data, error } = (await answer.json()) as { status: string; data: unknown; error?: string };
      assert.equal(status, 'success', `${query['query'] ?? place}: ${error}`);
      return data as T[];
    };
    const chosen = new Map<string, string>([['namespace', 'gridlock']]);
    const filled = (expr: string) =>
      expr
        .replaceAll('$__rate_interval', RATE_INTERVAL)
        .replace(/\$(\w+)/g, (_, name: string) => chosen.get(name) ?? assert.fail(`$${name} is not a variable`));
    const series = async (expr: string) => {
      const range = { start: String(begun / 1000), end: String(Date.now() / 1000), step: '5s' };
      const { result } = (await ask('query_range', { query: filled(expr), ...range })) as unknown as {
        result: { values: [number, string][] }[];
      };
      return result;
    };
    const hasNumbers = (all: { values: [number, string][] }[]) =>
      all.some(({ values }) => values.some(([, value]) => value !== 'NaN'));
    const valuesOf = async ({ query }: { query: string }) => {
      const [, metric, label] = /^label_values\((.*), (\w+)\)$/.exec(query)!;
      return (await ask<string>(`label/${label}/values`, { 'match[]': filled(metric!) })).sort();
    };
    const all = Object.fromEntries(boards.map((board) => [board.uid, board]));
    const eventOf = (name: string) => all['gridlock-game']!.annotations.list.find((one) => one.name === name)!.expr;

    let problems: string[] = [];
    await until(
      async () => {
        const up = await ask<never>('targets', {}).catch(() => undefined);
        const targets =
          (up as unknown as { activeTargets: { health: string; scrapeUrl: string; lastError: string }[] } | undefined)
            ?.activeTargets ?? [];
        problems = targets
          .filter(({ health }) => health !== 'up')
          .map(({ scrapeUrl, lastError }) => `${scrapeUrl} ${lastError}`);
        return targets.length > 0 && problems.length === 0;
      },
      'every target is read',
      WAIT_MS,
    ).catch((error: Error) => assert.fail(`${error.message} ${problems.join('; ')}`));
    // Rates need two readings, and move only while somebody plays.
    await until(
      async () => {
        await play();
        const [moves] = await series(
          'histogram_quantile(0.5, sum by (le) (rate(gridlock_command_seconds_bucket[20s])))',
        );
        return moves !== undefined && hasNumbers([moves]);
      },
      'moves are seen',
      WAIT_MS,
    );
    await rotate({ dir: path.join(cluster.stateDir, 'pki'), role: 'leaf', now: new Date(Date.now() + 60_000) });
    await cluster.killReplica(1);
    await cluster.settled();
    await cluster.killReplica(2, 'SIGTERM');
    await cluster.settled();
    await cluster.killRedis();
    await cluster.settled();
    for (const name of ['Faults', 'Restarts of Redis', 'Rotations']) {
      await until(async () => hasNumbers(await series(eventOf(name))), `${name} are seen`, WAIT_MS);
    }
    await play();

    const empty: string[] = [];
    for (const board of boards) {
      for (const variable of board.templating.list.filter(({ query }) => query.startsWith('label_values'))) {
        const values = await valuesOf(variable);
        assert.ok(values.length > 0, `${board.uid}: ${variable.name}`);
        if (variable.name !== 'namespace') chosen.set(variable.name, values.join('|'));
      }
      for (const { title, targets } of board.panels) {
        for (const { expr } of targets) {
          if (!hasNumbers(await series(expr))) empty.push(`${board.uid}: ${title}: ${filled(expr)}`);
        }
      }
      for (const { expr } of board.annotations.list) await series(expr);
    }
    assert.deepEqual(empty, []);
  });
});
