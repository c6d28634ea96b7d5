import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import fc from 'fast-check';
import { repetitions } from '../../tests/kit/repetitions.ts';
import { CHECKOUT, ConfigError, fromCheckout, readConfig } from './config.ts';
import { flagOf, KEYS, type Key } from './keys.ts';

const directory = mkdtempSync(path.join(os.tmpdir(), 'gridlock-config-'));
after(() => rmSync(directory, { recursive: true, force: true }));

const read = (yaml: string, ...args: string[]) => {
  writeFileSync(path.join(directory, 'Pulumi.dev.yaml'), yaml);
  return readConfig({ args, directory });
};

const refused = (pattern: RegExp) => (error: unknown) => {
  assert.ok(error instanceof ConfigError);
  assert.match(error.message, pattern);
  return true;
};

test('without a file and flags every key has its default, and the value is frozen', () => {
  const config = readConfig({ directory: path.join(directory, 'nowhere') });
  for (const key of Object.keys(KEYS) as Key[]) assert.equal(config[key], KEYS[key].default);
  assert.equal(config.stack, 'dev');
  assert.ok(Object.isFrozen(config));
});

test('the checked-in dev stack is accepted and equals the defaults', () => {
  const root = path.join(import.meta.dirname, '../..');
  assert.deepEqual(readConfig({ directory: root }), readConfig({ directory: path.join(directory, 'nowhere') }));
});

test('a flag wins over the file, and the file over the default', () => {
  const config = read('config:\n  gridlock:replicas: 2\n  gridlock:port: 9001\n', '--port', '9002');
  assert.deepEqual([config.replicas, config.port, config.httpPort], [2, 9002, 8080]);
});

test('numbers written as text, as `pulumi config set` does, are numbers', () => {
  assert.equal(read('config:\n  gridlock:replicas: "3"\n').replicas, 3);
});

test('a TLS version that YAML reads as a number is understood', () => {
  assert.equal(read('config:\n  gridlock:tlsMinVersion: 1.2\n').tlsMinVersion, '1.2');
});

test('an IPv6 address is as browsers write it, whose origin has to match', () => {
  assert.equal(read('', '--host', '2001:DB8:0:0::7').host, '2001:db8::7');
});

test('keys of other namespaces are left alone', () => {
  assert.equal(read('config:\n  kubernetes:context: kind\n').replicas, 4);
});

test('every whole number in range is accepted and every other refused, for each numeric key', () => {
  for (const key of ['replicas', 'heartbeatMs', 'maxBodyBytes'] as const) {
    const [min, max] = (KEYS[key].allowed.match(/\d+/g) ?? []).map(Number) as [number, number];
    fc.assert(
      fc.property(fc.integer({ min: -10, max: max + 10 }), (value) => {
        const accepted = value >= min && value <= max;
        const attempt = () => readConfig({ args: [`--${flagOf(key)}=${value}`], directory: '/nonexistent' })[key];
        if (accepted) assert.equal(attempt(), value);
        else assert.throws(attempt, refused(new RegExp(`the flag --${flagOf(key)} is refused: a whole number`)));
      }),
      { numRuns: repetitions(50, 1000) },
    );
  }
});

for (const [what, yaml, args, pattern] of [
  ['an unknown key', 'config:\n  gridlock:replica: 4\n', [], /sets gridlock:replica, which is not a key/],
  [
    'a value of the wrong type',
    'config:\n  gridlock:replicas: many\n',
    [],
    /"many" of gridlock:replicas in .*Pulumi\.dev\.yaml is refused: a whole number from 1 to 16/,
  ],
  ['a list where a number belongs', 'config:\n  gridlock:port: [1]\n', [], /\[1\] of gridlock:port/],
  ['a number out of range', '', ['--replicas', '17'], /"17" of the flag --replicas is refused/],
  ['a fraction', '', ['--replicas', '1.5'], /"1.5" of the flag --replicas/],
  ['an unknown design', '', ['--design', 'both'], /stateless or stateful is allowed/],
  ['an invalid host', '', ['--host', 'a b'], /the host name or IP address that clients connect to/],
  [
    'a host that looks like half an address',
    '',
    ['--host', '10.0.1'],
    /the host name or IP address that clients connect to/,
  ],
  ['an address in hexadecimal', '', ['--host', '0x7f.1'], /the host name or IP address that clients connect to/],
  ['an address with a zone', '', ['--host', 'fe80::1%eth0'], /the host name or IP address that clients connect to/],
  ['a wildcard written out', '', ['--host', '0:0:0:0:0:0:0:0'], /the host name or IP address that clients connect to/],
  ['an address that no client can connect to', '', ['--host', '0.0.0.0'], /"0\.0\.0\.0" of the flag --host/],
  ['an unknown flag', '', ['--replica', '4'], /Unknown flag --replica:/],
  ['a flag without its value', '', ['--port'], /--port needs a value/],
  ['a stray argument', '', ['stateful'], /Unexpected argument "stateful"/],
  ['the same port twice', '', ['--port', '8080'], /port and httpPort are both 8080 \(the flag --port\)/],
  ['a stack without its file', '', ['--stack', 'none'], /Pulumi\.none\.yaml cannot be read/],
  ['a stack named by a path', '', ['--stack', '../dev'], /not the name of a stack/],
  ['a file that is not YAML', 'config: [', [], /is not YAML/],
  ['a config that is not a map', 'config: 3\n', [], /must be a map/],
] as const) {
  test(`${what} is refused with a sentence that names it`, () => {
    assert.throws(() => read(yaml, ...args), refused(pattern));
  });
}

/** A directory with these files; what `readConfig` makes of the stack `other` in it. */
function readFiles(files: Readonly<Record<string, string>>, ...args: string[]) {
  const place = mkdtempSync(path.join(directory, 'files-'));
  for (const [name, text] of Object.entries(files)) writeFileSync(path.join(place, name), text);
  return readConfig({ args: ['--stack', 'other', ...args], directory: place });
}
const STACK = 'Pulumi.other.yaml';
const project = (config: string) => `name: gridlock\nruntime: nodejs\nconfig:\n${config}`;

for (const name of ['replicas', 'gridlock:replicas', 'gridlock:config:replicas']) {
  test(`${name} in a stack's file is the key replicas, as for the engine`, () => {
    assert.equal(readFiles({ [STACK]: `config:\n  ${name}: 7\n` }).replicas, 7);
  });
}

for (const [what, declaration] of [
  ['a plain value', 'replicas: 7'],
  ['a plain value under the full name', 'gridlock:replicas: 7'],
  ['a default', 'replicas: { type: integer, default: 7 }'],
  ['a value', 'gridlock:replicas: { value: 7 }'],
] as const) {
  test(`${what} in Pulumi.yaml is the default of every stack, over which the stack and flags win`, () => {
    const files = { 'Pulumi.yaml': project(`  ${declaration}\n`), [STACK]: 'config: {}\n' };
    assert.equal(readFiles(files).replicas, 7);
    assert.equal(readFiles({ ...files, [STACK]: 'config:\n  replicas: 2\n' }).replicas, 2);
    assert.equal(readFiles(files, '--replicas', '3').replicas, 3);
  });
}

test('a map as the value in Pulumi.yaml is the value of the key', () => {
  const files = { 'Pulumi.yaml': project('  pki: { value: { leaf: 3 } }\n'), [STACK]: '' };
  assert.equal(readFiles(files).pki.leaf, 3);
});

test('keys of providers are left alone in both files', () => {
  const files = {
    'Pulumi.yaml': project('  aws:region: eu-central-1\n  kubernetes:context: { value: kind }\n'),
    [STACK]: 'config:\n  kubernetes:namespace: there\n',
  };
  assert.equal(readFiles(files).namespace, 'gridlock');
});

test('a key that Pulumi.yaml declares without a value may be set by the stack', () => {
  const files = { 'Pulumi.yaml': project('  replicas: { type: integer }\n') };
  assert.equal(readFiles({ ...files, [STACK]: 'config: { replicas: 3 }' }).replicas, 3);
  assert.throws(() => readFiles({ ...files, [STACK]: '' }), refused(/declares a key that has no value/));
});

for (const [what, files, pattern] of [
  ['an unknown key without a namespace', { [STACK]: 'config:\n  replica: 4\n' }, /sets replica, which is not a key/],
  [
    'a key twice, with and without its namespace',
    { [STACK]: 'config:\n  replicas: 4\n  gridlock:replicas: 5\n' },
    /sets replicas twice, as gridlock:replicas too/,
  ],
  [
    'a key of ours in a namespace that nothing reads',
    { [STACK]: 'config:\n  gridlok:replicas: 4\n' },
    /sets gridlok:replicas, which nothing reads: write gridlock:replicas/,
  ],
  [
    'keys nested under the name of the project',
    { [STACK]: 'config:\n  gridlock:\n    replicas: 4\n' },
    /sets gridlock, which is not a key/,
  ],
  ['a key next to config', { [STACK]: 'gridlock:replicas: 4\n' }, /has gridlock:replicas at its top level/],
  ['an environment', { [STACK]: 'environment: [production]\n' }, /imports an environment/],
  [
    'an encrypted value of a key that is not secret',
    { [STACK]: 'config:\n  replicas: { secure: v1:abc }\n' },
    /replicas in .* is encrypted/,
  ],
  [
    'an unknown key of the project',
    { [STACK]: '', 'Pulumi.yaml': project('  replica: 4\n') },
    /Pulumi\.yaml sets replica, which is not a key/,
  ],
  [
    'a value of the project out of range',
    { [STACK]: '', 'Pulumi.yaml': project('  replicas: 40\n') },
    /"?40"? of replicas in .*Pulumi\.yaml is refused/,
  ],
  [
    'a map of the project that is not a declaration',
    { [STACK]: '', 'Pulumi.yaml': project('  pki: { leaf: 3 }\n') },
    /has the field leaf: give a map as the `value`/,
  ],
  [
    'a default and a value',
    { [STACK]: '', 'Pulumi.yaml': project('  port: { default: 1, value: 2 }\n') },
    /both a default and a value/,
  ],
  ['a project of another name', { [STACK]: '', 'Pulumi.yaml': 'name: mine\n' }, /names the project "mine"/],
  [
    'stack files elsewhere',
    { [STACK]: '', 'Pulumi.yaml': 'name: gridlock\nstackConfigDir: stacks\n' },
    /moves the files/,
  ],
  [
    'stack files elsewhere, the old way',
    { [STACK]: '', 'Pulumi.yaml': 'name: gridlock\nconfig: stacks\n' },
    /moves the files/,
  ],
] as const) {
  test(`${what} is refused instead of ignored`, () => {
    assert.throws(() => readFiles(files), refused(pattern));
  });
}

test('a path of the configuration starts at the checkout, wherever the program runs', () => {
  const before = process.cwd();
  process.chdir(os.tmpdir());
  try {
    assert.equal(fromCheckout('charts/x'), path.join(CHECKOUT, 'charts/x'));
    assert.equal(fromCheckout('./x.tgz'), path.join(CHECKOUT, 'x.tgz'));
  } finally {
    process.chdir(before);
  }
});

test('an absolute path stays, and ~ is the home directory', () => {
  assert.equal(fromCheckout('/srv/x'), '/srv/x');
  assert.equal(fromCheckout('~/x'), path.join(os.homedir(), 'x'));
});
