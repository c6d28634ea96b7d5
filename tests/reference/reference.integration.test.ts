import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { ROOT, referencePages } from './reference.ts';

test('the generated pages of the reference match the code; npm run reference writes them', async () => {
  for (const { file, text } of await referencePages()) {
    assert.equal(readFileSync(path.join(ROOT, file), 'utf8'), text, `${file} is stale: run npm run reference.`);
  }
});
