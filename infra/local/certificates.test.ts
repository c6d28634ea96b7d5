import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { recordConsumer } from '../../certs/directory/consumers.ts';
import { ensureChain } from '../../certs/index.ts';
import { temporaryDirectory } from '../../tests/kit/directories.ts';
import { trustCommand } from './certificates.ts';

test('a start names the command that trusts the root, until it has been run', async (t) => {
  const pki = path.join(temporaryDirectory(t), 'pki');
  await ensureChain({ dir: pki, dnsNames: ['localhost'], ipAddresses: [] });
  const named = `npm run certs -- trust --dir ${pki}`;
  const command = () => trustCommand({ certificateFile: '' }, { pki });
  assert.equal(await command(), named);
  // An exported bundle is for clients other than the browser on this machine.
  await recordConsumer(pki, { kind: 'file', place: 'roots.pem' });
  assert.equal(await command(), named);
  await recordConsumer(pki, { kind: 'nss', place: 'nssdb' });
  assert.equal(await command(), undefined);
  writeFileSync(path.join(pki, 'consumers.json'), '{');
  assert.equal(await command(), named);
});

test('no command is named for a root that the edge does not serve, and the command omits the default directory', async () => {
  assert.equal(await trustCommand({ certificateFile: 'public.pem' }, { pki: '/nowhere' }), undefined);
  assert.equal(
    await trustCommand({ certificateFile: '' }, { pki: path.resolve('.gridlock/pki-of-nobody') }),
    `npm run certs -- trust --dir ${path.resolve('.gridlock/pki-of-nobody')}`,
  );
});
