import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { chartsIn } from './options.ts';
import { StepFailure, Steps } from './steps.ts';

test('a directory of charts is the source of each, and a directory without one of them is refused by name', () => {
  const directory = mkdtempSync(path.join(os.tmpdir(), 'gridlock-charts-'));
  try {
    for (const name of ['cert-manager', 'trust-manager', 'kubernetes-ingress']) {
      mkdirSync(path.join(directory, name));
      writeFileSync(path.join(directory, name, 'Chart.yaml'), `name: ${name}\n`);
    }
    assert.throws(() => chartsIn(directory), /has no chart metrics-server: unpack it to/);
    mkdirSync(path.join(directory, 'metrics-server'));
    writeFileSync(path.join(directory, 'metrics-server', 'Chart.yaml'), 'name: metrics-server\n');
    assert.equal(chartsIn(directory)['ingress']?.source, path.join(directory, 'kubernetes-ingress'));
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
});

test('a failed step is reported with its diagnosis, and ends only the steps that build on it', async (t) => {
  const written: string[] = [];
  t.mock.method(process.stdout, 'write', (text: string) => written.push(text) > 0);
  const steps = new Steps(async () => 'the pods');
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
