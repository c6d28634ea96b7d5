import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { freePorts } from '../../../tests/kit/ports.ts';
import { until } from '../../../tests/kit/wait.ts';
import { findBinary } from '../../setup/binaries.mjs';
import { localDashboards } from './dashboards.ts';

test('HAProxy exports every metric of the edge that is shown', async (t) => {
  const haproxy = findBinary('haproxy') ?? assert.fail('HAProxy is not installed: npm run setup');
  const [port] = (await freePorts(1)) as [number];
  const directory = mkdtempSync(path.join(tmpdir(), 'gridlock-exporter-'));
  const file = path.join(directory, 'haproxy.cfg');
  const sections = [
    'defaults\n  mode http\n  timeout client 5s\n  timeout connect 5s\n  timeout server 5s',
    `frontend metrics\n  bind 127.0.0.1:${port}\n  http-request use-service prometheus-exporter if { path /metrics }`,
    'backend replicas\n  server one 127.0.0.1:1',
  ];
  writeFileSync(file, `${sections.join('\n')}\n`);
  const child = spawn(haproxy, ['-f', file, '-db'], { stdio: 'ignore' });
  t.after(async () => {
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
    rmSync(directory, { recursive: true });
  });
  let text = '';
  await until(async () => {
    text = await fetch(`http://127.0.0.1:${port}/metrics`).then(
      (response) => response.text(),
      () => '',
    );
    return text !== '';
  }, 'HAProxy serves its metrics');
  const used = [...JSON.stringify(localDashboards('gridlock')).matchAll(/\b(haproxy_\w+)\{/g)].map(
    ([, name]) => name as string,
  );
  assert.ok(used.length >= 6);
  assert.deepEqual(
    used.filter((name) => !text.includes(`# TYPE ${name} `)),
    [],
  );
});
