import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';

const ROOT = path.resolve(import.meta.dirname, '..');
const page = readFileSync(path.join(ROOT, 'SECURITY.md'), 'utf8');
const rows = page
  .split('\n')
  .filter((line) => /^\| (?!control|---)/.test(line))
  .map((line) => line.split('|').slice(1, -1));

test('every control names where it is seen, and what is named exists', () => {
  assert.ok(rows.length >= 25);
  for (const [control, , seen = ''] of rows) {
    const files = [...seen.matchAll(/`([^`]+)`/g)].map(([, file]) => file!);
    assert.ok(files.length > 0, control);
    for (const file of files) assert.ok(existsSync(path.join(ROOT, file)), `${control}: ${file}`);
  }
});

test('the WebSocket library is one without known holes', () => {
  const { version } = JSON.parse(readFileSync(path.join(ROOT, 'node_modules/ws/package.json'), 'utf8')) as {
    version: string;
  };
  const [major = 0, minor = 0] = version.split('.').map(Number);
  assert.ok(major > 8 || (major === 8 && minor >= 21), version);
});
