import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';

const SERVICES = path.resolve(import.meta.dirname, '..');

test('no file of server, protocol and client knows what is played', () => {
  const files = globSync('{server,protocol,client}/**/*.{ts,lua}', { cwd: SERVICES }).filter(
    (file) => !/(\.test\.ts$|\/testing\/)/.test(file),
  );
  assert.ok(files.length > 100, `${files.length} files were found`);
  const knowing = files.filter((file) => {
    const text = readFileSync(path.join(SERVICES, file), 'utf8')
      .replaceAll('Braille cell', '')
      .replaceAll('`lobby`', '');
    return /\b(cells?|captur\w*|scor\w*|boards?|chats?|lobby)\b/i.test(text) && file !== 'server/main.ts';
  });
  assert.deepEqual(knowing, []);
});
