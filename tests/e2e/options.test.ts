import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { chartsIn } from './options.ts';
import { StepFailure, Steps } from './steps.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(path.join(os.tmpdir(), 'gridlock-charts-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

function unpack(...names: readonly string[]): void {
  for (const name of names) {
    mkdirSync(path.join(directory, name));
    writeFileSync(path.join(directory, name, 'Chart.yaml'), `name: ${name}\n`);
  }
}

test('each chart comes from the given directory, and a missing chart is named', () => {
  unpack('cert-manager', 'kubernetes-ingress', 'keda', 'metrics-server');
  assert.throws(() => chartsIn(directory), /lacks the chart trust-manager: unpack it to/);
  unpack('trust-manager');
  const { charts, autoscaling } = chartsIn(directory);
  assert.equal(charts['ingress']?.source, path.join(directory, 'kubernetes-ingress'));
  assert.equal(charts['keda']?.source, path.join(directory, 'keda'));
  assert.equal(autoscaling, undefined);
});

test("without KEDA's chart autoscaling is off, and with it the chart of metrics-server is needed", () => {
  unpack('cert-manager', 'trust-manager', 'kubernetes-ingress');
  assert.equal(chartsIn(directory).autoscaling, 'none');
  unpack('keda');
  assert.throws(() => chartsIn(directory), /lacks the chart metrics-server/);
});

test('a failed step is reported with a diagnosis, and stops only the steps that depend on it', async (t) => {
  const written: string[] = [];
  t.mock.method(process.stdout, 'write', (text: string) => written.push(text) > 0);
  const steps = new Steps();
  steps.diagnoseBy(async () => 'the pods');
  const fails = async () => {
    throw new Error('It broke.');
  };
  assert.equal(await steps.run('first', async () => 'fine'), true);
  assert.equal(steps.failed, false);
  assert.equal(await steps.run('second', fails), false);
  await assert.rejects(steps.must('third', fails), StepFailure);
  assert.equal(steps.failed, true);
  assert.deepEqual(
    steps.results.map(({ result }) => result),
    ['passed', 'failed', 'failed'],
  );
  assert.match(written.join(''), /FAILED {2}It broke\.[\s\S]*the pods/);
});
