import assert from 'node:assert/strict';
import {
  chmodSync,
  existsSync,
  linkSync,
  mkdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { join, relative } from 'node:path';
import { describe, test } from 'node:test';
import { initAuthority } from '../lifecycle/init.ts';
import { issueLeaf } from '../lifecycle/issue.ts';
import { removeStaleSocket } from '../renewal/responder.ts';
import { contents, localNames, temporaryDirectory } from '../testing/fixtures.ts';
import { requireOutputs } from './output-file.ts';

const belongs = { code: 'exists', message: /belongs to the authority itself/ };

describe('no command writes over', () => {
  test('a file of the authority, by any path', async (t) => {
    const base = temporaryDirectory(t);
    const dir = join(base, 'pki');
    await initAuthority({ dir, ...localNames });
    mkdirSync(join(dir, 'acme'));
    writeFileSync(join(dir, 'acme', 'account-1.key'), 'key');
    symlinkSync(dir, join(base, 'link'));
    symlinkSync(join(dir, 'root.key'), join(base, 'soft'));
    linkSync(join(dir, 'intermediate.key'), join(base, 'hard'));
    const before = readFileSync(join(dir, 'root.key'), 'utf8');
    for (const out of [
      join(dir, 'root.key'),
      relative(process.cwd(), join(dir, 'root.key')),
      `${dir}/../pki/./root.key`,
      `${dir}//roots.pem`,
      join(base, 'link', 'intermediate.pem'),
      join(base, 'soft'),
      join(base, 'hard'),
      join(dir, 'ROOT.KEY'),
      // Not there yet.
      join(dir, 'authority.json'),
      join(dir, 'leaf.pem'),
      join(dir, 'next-root.key'),
      join(dir, 'issued.json'),
      join(dir, 'revoked.json'),
      join(dir, '0123456789abcdef.crl'),
      join(dir, 'lock'),
      join(dir, '.pending'),
      join(dir, 'acme', 'account-1.key'),
      join(dir, 'acme', 'challenges', 'token'),
      dir,
    ]) {
      assert.throws(() => requireOutputs(dir, [out]), belongs, out);
      assert.throws(() => requireOutputs(join(base, 'link'), [out]), belongs, `${out}, by a link to the directory`);
    }
    for (const out of [join(dir, 'root.key'), join(dir, 'authority.json')]) {
      assert.throws(() => requireOutputs(join(base, 'another'), [out]), belongs, `${out}, of another directory`);
      await assert.rejects(issueLeaf({ dir, dnsNames: ['localhost'], ipAddresses: [], out }), belongs);
    }
    assert.equal(readFileSync(join(dir, 'root.key'), 'utf8'), before);
    assert.ok(!existsSync(join(dir, 'authority.json')));
  });

  test('a file it reads, or another that it writes', (t) => {
    const base = temporaryDirectory(t);
    const [request, link] = [join(base, 'request.csr'), join(base, 'link.csr')];
    writeFileSync(request, '');
    linkSync(request, link);
    const same = { code: 'exists', message: /are the same file/ };
    assert.throws(() => requireOutputs(base, [link], { inputs: [request] }), same);
    assert.throws(() => requireOutputs(base, [join(base, 'a'), `${base}/./a`]), same);
  });

  test('but may write any other file, also next to the authority', async (t) => {
    const dir = join(temporaryDirectory(t), 'pki');
    await initAuthority({ dir, ...localNames });
    requireOutputs(dir, [join(dir, 'public.pem'), join(dir, 'servers', 'root.key'), '/tmp/root.key']);
  });
});

describe('the directory of a new authority', () => {
  for (const mode of [0o777, 0o755, 0o750, 0o500, 0o2770]) {
    test(`is accessible to its owner alone, even if it existed with mode ${mode.toString(8)}`, async (t) => {
      const dir = join(temporaryDirectory(t), 'pki');
      mkdirSync(dir);
      chmodSync(dir, mode);
      await initAuthority({ dir, ...localNames });
      assert.equal((statSync(dir).mode & 0o777).toString(8), '700');
      assert.equal((statSync(join(dir, 'root.key')).mode & 0o777).toString(8), '600');
    });
  }

  test('is not a shared directory', async (t) => {
    const dir = join(temporaryDirectory(t), 'shared');
    mkdirSync(dir);
    chmodSync(dir, 0o1777);
    await assert.rejects(initAuthority({ dir, ...localNames }), { message: /is shared with others \(mode 1777\)/ });
    assert.deepEqual(contents(dir), {});
  });
});

test('a leftover socket is removed before listening, and nothing else is', async (t) => {
  const base = temporaryDirectory(t);
  const [key, socket] = [join(base, 'root.key'), join(base, 'socket')];
  writeFileSync(key, 'key');
  assert.throws(() => removeStaleSocket(key), { code: 'exists', message: /is not a socket/ });
  assert.equal(readFileSync(key, 'utf8'), 'key');
  const server = createServer().listen(socket);
  await new Promise((resolve) => server.once('listening', resolve));
  removeStaleSocket(socket);
  assert.ok(!existsSync(socket));
  await new Promise((resolve) => server.close(resolve));
});
