import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';

const ROOT = path.resolve(import.meta.dirname, '..');
const page = readFileSync(path.join(ROOT, 'SECURITY.md'), 'utf8');
const controls = page
  .slice(page.indexOf('## WebSocket controls'), page.indexOf('## What is not covered'))
  .split('\n### ')
  .slice(1);

test('every control names its tests, and they exist', () => {
  assert.ok(controls.length >= 25);
  for (const section of controls) {
    const [control = ''] = section.split('\n');
    const [, shownBy = ''] = section.split('\nShown by: ');
    const files = [...shownBy.matchAll(/`([^`]+)`/g)].map(([, file]) => file!);
    assert.ok(files.length > 0, control);
    for (const file of files) assert.ok(existsSync(path.join(ROOT, file)), `${control}: ${file}`);
  }
});

test('the WebSocket library has no known vulnerabilities', () => {
  const { version } = JSON.parse(readFileSync(path.join(ROOT, 'node_modules/ws/package.json'), 'utf8')) as {
    version: string;
  };
  const [major = 0, minor = 0] = version.split('.').map(Number);
  assert.ok(major > 8 || (major === 8 && minor >= 21), version);
});
