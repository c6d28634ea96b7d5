import assert from 'node:assert/strict';
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { copyFileSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, type TestContext, test } from 'node:test';
import { CertificateError, type CertificateErrorCode, type ChainOptions, ensureChain } from '../index.ts';
import { contents, DAY_MS, later, localNames, temporaryDirectory } from '../testing/fixtures.ts';

interface Fault {
  name: string;
  code: CertificateErrorCode;
  /** The file the sentence has to name. */
  file: string;
  break: (dir: string, other: string) => void;
  options?: () => Partial<ChainOptions>;
}

const truncate = (file: string) => (dir: string) => {
  const path = join(dir, file);
  writeFileSync(path, readFileSync(path).subarray(0, 150));
};
const overwrite = (file: string, text: string) => (dir: string) => writeFileSync(join(dir, file), text);
const takeOver =
  (...files: string[]) =>
  (dir: string, other: string) => {
    for (const file of files) copyFileSync(join(other, file), join(dir, file));
  };
const remove =
  (...files: string[]) =>
  (dir: string) => {
    for (const file of files) rmSync(join(dir, file));
  };
const replaceByDirectory = (file: string) => (dir: string) => {
  rmSync(join(dir, file));
  mkdirSync(join(dir, file));
};
const damageSignature = (file: string) => (dir: string) => {
  const path = join(dir, file);
  const der = Buffer.from(new X509Certificate(readFileSync(path)).raw);
  // The last byte of a certificate is the last of its signature.
  der.writeUInt8(der.readUInt8(der.length - 1) ^ 1, der.length - 1);
  const lines = der.toString('base64').match(/.{1,64}/g) ?? [];
  writeFileSync(path, ['-----BEGIN CERTIFICATE-----', ...lines, '-----END CERTIFICATE-----', ''].join('\n'));
};
const encrypt = (file: string) => (dir: string) => {
  const path = join(dir, file);
  const key = createPrivateKey(readFileSync(path));
  const secret = { cipher: 'aes-256-cbc', passphrase: 'secret' };
  writeFileSync(path, key.export({ type: 'pkcs8', format: 'pem', ...secret }));
};

const everyFile = ['root.pem', 'root.key', 'intermediate.pem', 'intermediate.key', 'leaf.pem'];
const nextYear = () => ({ now: later(365 * DAY_MS) });

const faults: Fault[] = [
  ...everyFile.flatMap((file): Fault[] => [
    { name: `an empty ${file}`, code: 'corrupt', file, break: overwrite(file, '') },
    { name: `a ${file} of other text`, code: 'corrupt', file, break: overwrite(file, 'hello\n') },
    { name: `a ${file} cut short`, code: 'corrupt', file, break: truncate(file) },
    {
      name: `a ${file} of PEM around nonsense`,
      code: 'corrupt',
      file,
      break: overwrite(file, '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n'),
    },
    { name: `a directory in place of ${file}`, code: 'unreadable', file, break: replaceByDirectory(file) },
  ]),
  {
    name: 'a root.pem with a damaged signature',
    code: 'broken_chain',
    file: 'root.pem',
    break: damageSignature('root.pem'),
  },
  {
    name: 'an intermediate.pem with a damaged signature',
    code: 'broken_chain',
    file: 'intermediate.pem',
    break: damageSignature('intermediate.pem'),
  },
  {
    name: 'an intermediate in place of the root',
    code: 'broken_chain',
    file: 'root.pem',
    break: (dir) => copyFileSync(join(dir, 'intermediate.pem'), join(dir, 'root.pem')),
  },
  {
    name: 'a root of another authority',
    code: 'broken_chain',
    file: 'intermediate.pem',
    break: takeOver('root.pem', 'root.key'),
  },
  { name: 'a root key of another root', code: 'key_mismatch', file: 'root.key', break: takeOver('root.key') },
  {
    name: 'an intermediate key of another intermediate',
    code: 'key_mismatch',
    file: 'intermediate.key',
    break: takeOver('intermediate.key'),
  },
  {
    name: 'a leaf with the key of another',
    code: 'key_mismatch',
    file: 'leaf.pem',
    break: (dir, other) => {
      const parts = (from: string) => readFileSync(join(from, 'leaf.pem'), 'utf8').split(/(?=-----BEGIN PRIVATE)/);
      writeFileSync(join(dir, 'leaf.pem'), `${parts(dir)[0]}${parts(other)[1]}`);
    },
  },
  {
    name: 'a leaf.pem without its intermediate',
    code: 'corrupt',
    file: 'leaf.pem',
    break: (dir) => {
      const path = join(dir, 'leaf.pem');
      const [leaf, , key] = readFileSync(path, 'utf8').split(/(?=-----BEGIN)/);
      writeFileSync(path, `${leaf}${key}`);
    },
  },
  {
    name: 'a missing root.pem next to the other files',
    code: 'incomplete',
    file: 'root.pem',
    break: remove('root.pem'),
  },
  {
    name: 'a missing root next to the other files',
    code: 'incomplete',
    file: 'root.pem',
    break: remove('root.pem', 'root.key'),
  },
  {
    name: 'a missing root key when an intermediate is needed',
    code: 'key_missing',
    file: 'root.key',
    break: remove('root.key', 'intermediate.pem'),
  },
  {
    name: 'a missing root key when the intermediate has expired',
    code: 'key_missing',
    file: 'root.key',
    break: remove('root.key'),
    options: nextYear,
  },
  {
    name: 'an encrypted root key when an intermediate is needed',
    code: 'key_encrypted',
    file: 'root.key',
    break: encrypt('root.key'),
    options: nextYear,
  },
  {
    name: 'an expired root',
    code: 'expired',
    file: 'root.pem',
    break: () => {},
    options: () => ({ now: later(3651 * DAY_MS) }),
  },
  {
    name: 'a clock before the root begins',
    code: 'not_yet_valid',
    file: 'root.pem',
    break: () => {},
    options: () => ({ now: later(-DAY_MS) }),
  },
];

const pristine = mkdtempSync(join(tmpdir(), 'gridlock-certs-'));
const other = mkdtempSync(join(tmpdir(), 'gridlock-certs-'));
before(() => Promise.all([pristine, other].map((dir) => ensureChain({ dir, ...localNames }))));
after(() => [pristine, other].forEach((dir) => rmSync(dir, { recursive: true })));

function authority(t: TestContext): string {
  const dir = temporaryDirectory(t);
  cpSync(pristine, dir, { recursive: true });
  return dir;
}

describe('refused, with the file and the fix in one sentence, and nothing on disk changed:', () => {
  for (const fault of faults) {
    test(fault.name, async (t) => {
      const dir = authority(t);
      fault.break(dir, other);
      const asBroken = fault.code === 'unreadable' ? undefined : contents(dir);
      await assert.rejects(ensureChain({ dir, ...localNames, ...fault.options?.() }), (error: unknown) => {
        assert.ok(error instanceof CertificateError, String(error));
        assert.equal(error.code, fault.code, error.message);
        assert.ok(error.message.includes(join(dir, fault.file)), error.message);
        assert.match(error.message, /^[A-Z/].*: .+\.$/);
        return true;
      });
      if (asBroken !== undefined) assert.deepEqual(contents(dir), asBroken);
    });
  }
});

for (const [role, age] of [
  ['leaf', 20 * DAY_MS],
  ['intermediate', 400 * DAY_MS],
] as const) {
  test(`a clock before the ${role} begins is refused, with the time it begins`, async (t) => {
    const dir = authority(t);
    await ensureChain({ dir, ...localNames, now: later(age) });
    await assert.rejects(ensureChain({ dir, ...localNames }), (error: unknown) => {
      assert.ok(error instanceof CertificateError);
      assert.equal(error.code, 'not_yet_valid');
      assert.match(error.message, new RegExp(`${role}\\.pem is valid only from .*set the clock right`));
      return true;
    });
  });
}

test('an encrypted root key is no obstacle while nothing has to be signed with it', async (t) => {
  const dir = authority(t);
  encrypt('root.key')(dir);
  assert.deepEqual((await ensureChain({ dir, ...localNames, now: later(6 * DAY_MS) })).changed, ['leaf']);
});

test('a file in place of the directory is refused by name', async (t) => {
  const dir = join(temporaryDirectory(t), 'pki');
  writeFileSync(dir, '');
  await assert.rejects(ensureChain({ dir, ...localNames }), (error: unknown) => {
    assert.ok(error instanceof CertificateError);
    assert.ok(error.message.includes(dir));
    return true;
  });
});
