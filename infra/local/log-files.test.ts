import assert from 'node:assert/strict';
import { appendFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { LogFiles, type LogLimits } from './log-files.ts';

function logsOf(t: TestContext, limits: Partial<LogLimits>) {
  const directory = mkdtempSync(path.join(os.tmpdir(), 'gridlock-logs-'));
  const lines: string[] = [];
  const logs = new LogFiles(directory, (line) => lines.push(line), { checkMs: 3_600_000, ...limits });
  t.after(() => {
    logs.stop();
    rmSync(directory, { recursive: true, force: true });
  });
  const file = (name: string) => path.join(directory, name);
  const total = () => readdirSync(directory).reduce((sum, name) => sum + statSync(file(name)).size, 0);
  return { logs, lines, file, total };
}

test('log files that grow are rotated while they are written, within their total', (t) => {
  const { logs, file, total } = logsOf(t, { totalBytes: 40_000, reserveBytes: 0 });
  logs.start();
  for (let number = 0; number < 2000; number++) {
    for (const name of ['haproxy.log', 'ws1.log']) appendFileSync(file(name), `${name} ${number} ${'x'.repeat(80)}\n`);
    if (number % 20 === 0) {
      logs.check();
      assert.ok(total() <= 40_000, `${total()} bytes`);
    }
  }
  logs.check();
  assert.match(readFileSync(file('ws1.log.1'), 'utf8') + readFileSync(file('ws1.log'), 'utf8'), /^ws1\.log 1999 /m);
  assert.equal(logs.droppedLines, 0);
});

test('on a disk that is nearly full only the last lines stay, and dropped lines are counted', (t) => {
  const { logs, lines, file, total } = logsOf(t, { reserveBytes: Number.MAX_SAFE_INTEGER, tailBytes: 1000 });
  writeFileSync(file('ws1.log'), '');
  logs.start();
  const all = Array.from({ length: 500 }, (_, number) => `line ${number}\n`);
  appendFileSync(file('haproxy.log'), all.join(''));
  logs.check();
  logs.check();
  assert.ok(total() <= 2000, `${total()} bytes`);
  const kept = readFileSync(file('haproxy.log'), 'utf8').trimEnd().split('\n');
  assert.equal(kept.at(-1), 'line 499');
  assert.match(kept[0]!, /^line \d+$/);
  assert.equal(logs.droppedLines, 500 - kept.length);
  assert.equal(lines.length, 1);
  assert.match(lines[0]!, /^The disk of .* is nearly full \(\d+ MiB free\): logs are dropped/);
});

test('the files of the last run stay as .1, and a missing directory is not an error', (t) => {
  const { logs, file } = logsOf(t, { reserveBytes: 0 });
  writeFileSync(file('ws1.log'), 'of the last run\n');
  logs.start();
  assert.equal(readFileSync(file('ws1.log.1'), 'utf8'), 'of the last run\n');
  rmSync(path.dirname(file('x')), { recursive: true });
  logs.check();
});
