// The alerts as Prometheus evaluates them: `promtool test rules` on made-up series.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { stringify } from 'yaml';
import { findBinary } from '../../setup/binaries.mjs';
import type { RuleGroup } from './alert-rule.ts';
import { alertRules, localAlertRules } from './alert-rules.ts';
import type { Monitored } from './monitored.ts';
import type { AlertCase } from './testing/alert-case.ts';
import { CASES } from './testing/alert-cases.ts';
import { CONTROLLER, FILES, OTHER, PLAIN } from './testing/monitored.ts';
import { THRESHOLDS } from './thresholds.ts';

const TOOLS = path.resolve(import.meta.dirname, '../../../.tools/bin/promtool');
const promtool = findBinary(TOOLS, 'promtool');
const skip = promtool === undefined && 'promtool is not installed: node infra/setup/run.mjs test';

const STACKS: Readonly<Record<string, readonly RuleGroup[]>> = {
  'cert-manager': alertRules(PLAIN),
  files: alertRules(FILES),
  other: alertRules(OTHER),
  local: localAlertRules('gridlock'),
};

function run(args: readonly string[], files: Record<string, object>) {
  const directory = mkdtempSync(path.join(tmpdir(), 'gridlock-rules-'));
  try {
    for (const [name, content] of Object.entries(files)) {
      writeFileSync(path.join(directory, name), stringify(content, { lineWidth: 0 }));
    }
    const { status, stdout, stderr } = spawnSync(promtool as string, args, {
      cwd: directory,
      encoding: 'utf8',
    });
    return { status, output: `${stdout}${stderr}` };
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

const judged = (name: string, rules: readonly RuleGroup[], cases: readonly AlertCase[]) =>
  test(`every alert fires when it should and is silent otherwise, says promtool (${name})`, { skip }, () => {
    const tests = cases.map(({ name, series, at = 15, alert, fires, severity = 'warning' }) => ({
      name,
      interval: '1m',
      input_series: Object.entries(series).map(([key, values]) => ({ series: key, values })),
      alert_rule_test: [
        {
          eval_time: `${at}m`,
          alertname: alert,
          exp_alerts: fires.map((labels) => ({ exp_labels: { ...labels, severity } })),
        },
      ],
    }));
    // Texts of the alerts are for people: only labels are compared.
    const groups = rules.map((group) => ({
      ...group,
      rules: group.rules.map(({ annotations: _, ...rule }) => rule),
    }));
    const { status, output } = run(['test', 'rules', 'tests.yaml'], {
      'rules.yaml': { groups },
      'tests.yaml': { rule_files: ['rules.yaml'], evaluation_interval: '1m', tests },
    });
    assert.equal(status, 0, output);
  });

for (const [name, rules] of Object.entries(STACKS)) {
  judged(
    name,
    rules,
    CASES.filter(({ stack = 'cert-manager' }) => stack === name),
  );
}

for (const redis of ['single', 'sentinel', 'external', undefined] as const) {
  test(`promtool accepts every expression and template (redis: ${redis})`, { skip }, () => {
    const { status, output } = run(['check', 'rules', '--lint=all', '--lint-fatal', 'rules.yaml'], {
      'rules.yaml': { groups: alertRules({ ...CONTROLLER, redis }) },
    });
    assert.equal(status, 0, output);
  });
}

test('every alert has a case in which it fires', () => {
  const fired = new Set(CASES.filter(({ fires }) => fires.length > 0).map(({ alert }) => alert));
  const all = Object.values(STACKS).flatMap((groups) => groups.flatMap(({ rules }) => rules.map(({ alert }) => alert)));
  assert.deepEqual(
    all.filter((alert) => !fired.has(alert)),
    [],
  );
});

test('alerts cover only parts that the cluster has', () => {
  const names = (monitored: Monitored) => alertRules(monitored).map(({ name }) => name);
  assert.deepEqual(names({ ...CONTROLLER, isScaled: false, certificates: {} }), [
    'gridlock-replicas',
    'gridlock-edge',
    'gridlock-redis',
  ]);
  const others = { ...CONTROLLER.edge, refusalsPort: undefined };
  assert.ok(!names({ ...CONTROLLER, edge: others }).includes('gridlock-edge'));
  const served = (monitored: Monitored) =>
    alertRules(monitored)
      .flatMap(({ rules }) => rules.map(({ alert }) => alert))
      .filter((name) => name.startsWith('GridlockEdgeCertificate'));
  assert.deepEqual(served(CONTROLLER), [], 'the controller has no agent');
  assert.deepEqual(served(PLAIN), ['GridlockEdgeCertificateExpires', 'GridlockEdgeCertificateFails']);
});

test("for a user's server, no alert uses a metric that only Gridlock's server has", () => {
  const text = JSON.stringify(alertRules(OTHER));
  assert.doesNotMatch(text, /gridlock_(?!edge_)/);
  assert.match(text, /kube_deployment_status_replicas_ready/);
});

test('the job of the series distinguishes two clusters in one namespace', () => {
  const exprs = (monitored: Monitored) =>
    alertRules(monitored)
      .flatMap(({ rules }) => rules.map(({ expr }) => expr))
      .join('\n');
  const ours = [...exprs(PLAIN).matchAll(/gridlock_(?!edge_)\w+\{([^}]*)\}/g)];
  assert.ok(ours.length > 10);
  for (const [, matchers] of ours) assert.match(matchers!, /job="gridlock\/gridlock-server"/);
});

test('an alert fires at the threshold that the boards draw', () => {
  const rules = Object.values(STACKS).flatMap((groups) => groups.flatMap(({ rules }) => rules));
  for (const { alert, severity, at } of Object.values(THRESHOLDS)) {
    const [rule] = rules.filter((one) => one.alert === `Gridlock${alert}`);
    assert.ok(rule, alert);
    assert.equal(rule.labels.severity, severity, alert);
    assert.match(rule.expr, new RegExp(`[<>] ${at}\\b`), alert);
  }
});
