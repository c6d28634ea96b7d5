import assert from 'node:assert/strict';
import { test } from 'node:test';
import { alertRules } from './alert-rules.ts';
import { dashboards, localDashboards } from './dashboards.ts';
import { CONTROLLER, OTHER, PLAIN } from './testing/monitored.ts';

interface Panel {
  id: number;
  title: string;
  gridPos: { x: number; y: number };
  targets: { expr: string; refId: string }[];
  fieldConfig: {
    defaults: {
      unit: string;
      custom: { thresholdsStyle: { mode: string } };
      thresholds?: { steps: { color: string; value: number | null }[] };
    };
  };
  description?: string;
}

interface Board {
  uid: string;
  panels: Panel[];
  templating: { list: { name: string; type: string; query: string; current: { value?: string | string[] } }[] };
  annotations: { list: { name: string; expr: string; enable: boolean }[] };
}

const FILES = { ...CONTROLLER, certificates: {} };
const all = [dashboards(CONTROLLER), dashboards(PLAIN), dashboards(FILES), localDashboards('here')] as Record<
  string,
  Board
>[];
const boards = all.flatMap((files) => Object.values(files));

/** The unit of a query's result, derived from its metric. */
function unitOf(expr: string): string {
  if (expr.includes('histogram_quantile')) return expr.includes('_seconds_bucket') ? 's' : 'short';
  if (/\)?\s\/\s/.test(expr)) return 'percentunit';
  if (expr.includes('rate(')) {
    if (/bytes_(in_|out_)?total/.test(expr)) return 'Bps';
    return expr.includes('cpu_seconds_total') ? 'short' : 'ops';
  }
  if (/(increase|changes)\(/.test(expr)) return 'short';
  if (/_bytes\{/.test(expr)) return 'bytes';
  return /_seconds\{/.test(expr) ? 's' : 'short';
}

test('there is a board for the game, the edge and Redis, wherever it runs', () => {
  for (const files of all) {
    assert.deepEqual(Object.keys(files), ['gridlock-game.json', 'gridlock-edge.json', 'gridlock-redis.json']);
    for (const [file, { uid }] of Object.entries(files)) assert.equal(`${uid}.json`, file);
  }
});

test("for a user's server there is only the board of the edge", () => {
  assert.deepEqual(Object.keys(dashboards(OTHER)), ['gridlock-edge.json']);
});

test('boards are named after their cluster', () => {
  const files = Object.entries(dashboards({ ...PLAIN, cluster: 'chat' })) as [string, { uid: string; title: string }][];
  assert.deepEqual(
    files.map(([file, { uid, title }]) => [file, uid, title]),
    [
      ['chat-game.json', 'chat-game', 'Chat: game'],
      ['chat-edge.json', 'chat-edge', 'Chat: edge'],
      ['chat-redis.json', 'chat-redis', 'Chat: Redis'],
    ],
  );
});

test('panels do not cover each other, and each has a query for the chosen namespace', () => {
  for (const { panels } of boards) {
    assert.equal(new Set(panels.map(({ gridPos }) => `${gridPos.x},${gridPos.y}`)).size, panels.length);
    assert.equal(new Set(panels.map(({ id }) => id)).size, panels.length);
    assert.equal(new Set(panels.map(({ title }) => title)).size, panels.length);
    for (const { targets } of panels) {
      assert.ok(targets.length > 0);
      assert.equal(new Set(targets.map(({ refId }) => refId)).size, targets.length);
      assert.ok(targets.every(({ expr }) => expr.includes('namespace=')));
    }
  }
});

test('an axis has one unit', () => {
  for (const { panels } of boards) {
    for (const { title, targets, fieldConfig } of panels) {
      for (const { expr } of targets) assert.equal(unitOf(expr), fieldConfig.defaults.unit, `${title}: ${expr}`);
    }
  }
});

test('a reader chooses pods and the namespace, initially that of the stack', () => {
  const first = (board: Board | undefined, name: string) =>
    board?.templating.list.find((one) => one.name === name)?.current.value;
  const [controller, plain, , local] = all;
  assert.equal(first(controller!['gridlock-game.json'], 'namespace'), 'gridlock');
  assert.equal(first(controller!['gridlock-edge.json'], 'namespace'), 'gridlock-edge');
  assert.equal(first(plain!['gridlock-edge.json'], 'namespace'), 'gridlock');
  assert.equal(first(local!['gridlock-redis.json'], 'namespace'), 'here');
  for (const board of boards) {
    assert.deepEqual(first(board, 'pod'), ['$__all']);
    // Every variable that a query refers to exists, and every variable is used.
    const used = (text: string) => new Set([...text.matchAll(/\$(?!__)(\w+)|\$\{(\w+)\}/g)].map(([, a, b]) => a ?? b));
    const names = board.templating.list.map(({ name }) => name);
    assert.deepEqual([...used(JSON.stringify(board))].sort(), [...names].sort(), board.uid);
  }
});

test('every board marks faults, drains and rotations', () => {
  for (const { uid, annotations } of boards) {
    const names = annotations.list.map(({ name }) => name);
    assert.deepEqual(names.slice(0, 3), ['Faults', 'Restarts of Redis', 'Drains'], uid);
    assert.ok(annotations.list.every(({ enable, expr }) => enable && expr.endsWith('> 0')));
  }
  const rotations = (board: Board | undefined) =>
    board?.annotations.list.find(({ name }) => name === 'Rotations')?.expr ?? '';
  const [controller, plain, files, local] = all.map((one) => rotations(one['gridlock-game.json']));
  assert.match(controller!, /certmanager_certificate_expiration_timestamp_seconds\{namespace="gridlock"\}/);
  assert.match(plain!, /gridlock_edge_certificate_changes_total\{namespace="\$namespace"\}/);
  assert.equal(files, '', 'a certificate from a directory has no metric when the controller serves it');
  assert.match(local!, /certificate_not_after_seconds\{namespace="\$namespace",role=~"leaf\|served"\}/);
});

test('a graph with a threshold has the line of its alert', () => {
  const rules = new Map(alertRules(PLAIN).flatMap((group) => group.rules.map((rule) => [rule.alert, rule])));
  const lines = new Map<string, number>();
  for (const { panels } of Object.values(all[1]!)) {
    for (const { title, description = '', fieldConfig } of panels) {
      const { thresholds, custom } = fieldConfig.defaults;
      assert.equal(custom.thresholdsStyle.mode, thresholds ? 'dashed+area' : 'off', title);
      if (!thresholds) continue;
      const alert = /Gridlock\w+/.exec(description)?.[0] ?? assert.fail(`${title} names no alert`);
      const rule = rules.get(alert) ?? assert.fail(`${alert} is not an alert`);
      const [at] = thresholds.steps.flatMap(({ value }) => (value === null ? [] : [value]));
      assert.match(rule.expr, new RegExp(`[<>] ${at}\\b`), title);
      assert.ok(
        thresholds.steps.some(({ color }) => color === { warning: 'orange', critical: 'red' }[rule.labels.severity]),
      );
      lines.set(alert, at!);
    }
  }
  assert.ok(lines.size >= 8, [...lines.keys()].join(', '));
});
