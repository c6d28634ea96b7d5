import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type RunningAuthority, untilStarted } from './certificate-renewal.ts';

const AUTHORITY: RunningAuthority = { stop: async () => undefined };

/** An authority that fails to start with each of these reasons, and then starts. */
function reluctant(reasons: string[]) {
  const lines: string[] = [];
  const start = async () => {
    const reason = reasons.shift();
    if (reason !== undefined) throw new Error(reason);
    return AUTHORITY;
  };
  return { lines, start, report: (line: string) => void lines.push(line) };
}

test('an authority that does not start is tried again until it does, and each reason is reported once', async () => {
  const { lines, start, report } = reluctant(['no space', 'no space', 'no socket']);
  const { signal } = new AbortController();
  assert.equal(await untilStarted(start, { report, signal, retryMs: 1 }), AUTHORITY);
  assert.deepEqual(lines, [
    'certificates are not renewed by themselves: no space',
    'certificates are not renewed by themselves: no socket',
    'certificates are renewed by themselves again',
  ]);
});

test('an authority that starts at once is not reported', async () => {
  const { lines, start, report } = reluctant([]);
  assert.equal(await untilStarted(start, { report, signal: new AbortController().signal }), AUTHORITY);
  assert.deepEqual(lines, []);
});

test('a stop does not wait for the next attempt', async () => {
  const { start } = reluctant(['no space']);
  const stop = new AbortController();
  const started = untilStarted(start, { report: () => stop.abort(), signal: stop.signal, retryMs: 3_600_000 });
  assert.equal(await started, undefined);
});
