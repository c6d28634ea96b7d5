import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { parse } from 'yaml';
import { serveControl } from '../../infra/local/control.ts';
import { statePaths } from '../../infra/local/state-paths.ts';
import type { RunningStatus } from '../../infra/local/system-status.ts';
import { captured } from '../../tests/kit/captured.ts';
import metrics from './metrics.ts';

const STATUS = {
  running: true,
  url: 'https://localhost:8443',
  startedAt: '2026-01-31T10:00:00.000Z',
  edge: { port: 8443, httpPort: 8080, metricsPort: 20_001, runtimeSocket: '/x', restarts: 0 },
  replicas: [{ name: 'ws1', appId: '1111', internalPort: 20_002 }],
} as unknown as RunningStatus;

let stateDir: string;
beforeEach(() => {
  stateDir = mkdtempSync(path.join(os.tmpdir(), 'gridlock-metrics-'));
});
afterEach(() => rmSync(stateDir, { recursive: true, force: true }));

const run = (...args: string[]) =>
  captured(() => metrics.parseAsync(['--state-dir', stateDir, ...args], { from: 'user' }));

async function withSystem<T>(work: () => Promise<T>): Promise<T> {
  mkdirSync(statePaths(stateDir).run, { recursive: true });
  const server = await serveControl(statePaths(stateDir).controlSocket, {
    status: () => Promise.resolve(STATUS),
    stop: () => undefined,
    rotate: () => Promise.reject(new Error('not asked for')),
  });
  return work().finally(() => server.close());
}

test('prints only the configuration, and writes boards and rules where the flags say', async () => {
  const [boards, rules] = [path.join(stateDir, 'all', 'boards'), path.join(stateDir, 'rules.yml')];
  const { stdout, stderr } = await withSystem(() => run('--boards', boards, '--rules', rules, '--namespace', 'here'));
  const printed = parse(stdout) as { rule_files: string[]; scrape_configs: { static_configs: object[] }[] };
  assert.deepEqual(printed.rule_files, [rules]);
  assert.deepEqual(printed.scrape_configs[0]!.static_configs, [
    { targets: ['127.0.0.1:20002'], labels: { namespace: 'here', pod: 'ws1' } },
  ]);
  const files = readdirSync(boards).sort();
  assert.deepEqual(files, ['gridlock-edge.json', 'gridlock-game.json', 'gridlock-redis.json']);
  for (const file of files) {
    const board = JSON.parse(readFileSync(path.join(boards, file), 'utf8'));
    assert.equal(
      board.templating.list.find(({ name }: { name: string }) => name === 'namespace').current.value,
      'here',
    );
    assert.ok(stderr.includes(`wrote ${path.join(boards, file)}\n`));
  }
  const { groups } = parse(readFileSync(rules, 'utf8')) as { groups: { rules: { expr: string }[] }[] };
  assert.ok(groups.length >= 4);
  assert.ok(groups.every((group) => group.rules.every(({ expr }) => expr.includes('namespace="here"'))));
});

test('writes no file without a flag for it', async () => {
  const { stdout, stderr } = await withSystem(() => run());
  assert.doesNotMatch(stdout, /rule_files/);
  assert.equal(stderr, '');
});

test('says what to do when nothing runs', async () => {
  await assert.rejects(run(), { message: `Nothing is running on ${stateDir}: gridlock start.`, exitCode: 2 });
});

test('says when a place cannot be written to', async () => {
  writeFileSync(path.join(stateDir, 'file'), '');
  const boards = path.join(stateDir, 'file', 'boards');
  await assert.rejects(
    withSystem(() => run('--boards', boards)),
    { message: /cannot be written .*: name another place\.$/, exitCode: 2 },
  );
});
