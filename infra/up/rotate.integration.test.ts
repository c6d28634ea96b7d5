import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import { parse } from 'yaml';
import { authority, FakeEdge } from './edge-testing.ts';
import { DEV, FakeProject } from './testing.ts';

let project: FakeProject;
let edge: FakeEdge;
beforeEach(async () => {
  project = new FakeProject();
  edge = new FakeEdge();
  edge.show('edge-1', await (await authority('g1'))());
  project.tell('outputs', JSON.stringify({ kubeconfig: await edge.start() }));
  const { code, stderr } = await project.run('up', ['--yes']);
  assert.equal(code, 0, stderr);
  project.calls();
});
afterEach(async () => {
  project.remove();
  await edge.stop();
});

/** Does a step; while its `up` is under way, the edge gets a leaf of this generation. */
async function rotatedTo(generation: string, step: string) {
  project.tell('hangs-at', 'up');
  const running = project.run('rotate', [step, '--yes']);
  await Promise.race([project.hanging(), running]);
  edge.show('edge-1', await (await authority(generation))());
  project.tell('goes-on', '');
  return running;
}

const written = (): unknown => parse(project.read('Pulumi.dev.yaml')).config['gridlock:pki'];
const pki = (generations: string[], issuing: string, intermediate = 1, leaf = 1) => ({
  generations,
  issuing,
  intermediate,
  leaf,
});

test('a rotation is written into the checked-in file, comments kept, and brought up', async () => {
  const { code, stdout, stderr } = await rotatedTo('g1', 'leaf');
  assert.equal(code, 0, stderr);
  const up = project.calls().find(({ command }) => command === 'up')!;
  assert.deepEqual(parse(up.file!).config['gridlock:pki'], pki(['g1'], 'g1', 1, 2));
  assert.equal(
    project.read('Pulumi.dev.yaml'),
    DEV.replace(
      '# three\n',
      '# three\n  gridlock:pki: { generations: [ g1 ], issuing: g1, intermediate: 1, leaf: 2 }\n',
    ),
  );
  assert.match(stdout, /1 pod of the edge serves the new certificate\.\nThe new leaf is issued\.\n$/);
});

test('a root is rolled over in three steps', async () => {
  const after: unknown[] = [];
  const accepted = await project.run('rotate', ['root-accept', '--yes', '--stack', 'dev']);
  assert.equal(accepted.code, 0, accepted.stderr);
  after.push(written());
  const issued = await rotatedTo('g2', 'root-issue');
  assert.equal(issued.code, 0, issued.stderr);
  assert.match(issued.stdout, /^1 pod of the edge serves the new certificate\.$/m);
  after.push(written());
  const retired = await project.run('rotate', ['root-retire', '--yes']);
  assert.equal(retired.code, 0, retired.stderr);
  after.push(written());
  assert.deepEqual(after, [pki(['g1', 'g2'], 'g1'), pki(['g1', 'g2'], 'g2'), pki(['g2'], 'g2')]);
});

test('a root is not retired while the edge serves a leaf of it', async () => {
  project.write('Pulumi.dev.yaml', `${DEV}  gridlock:pki: { generations: [g1, g2], issuing: g2 }\n`);
  const file = project.read('Pulumi.dev.yaml');
  const { code, stderr } = await project.run('rotate', ['root-retire', '--yes']);
  assert.equal(code, 2);
  assert.match(stderr, /edge-1 still serves a certificate of Gridlock root g1, which clients would refuse/);
  assert.equal(project.read('Pulumi.dev.yaml'), file);
  assert.deepEqual(project.calls(), []);
});

test('an edge that cannot be read does not block the rotation of a leaf, and a message says so', async () => {
  await edge.stop();
  const { code, stderr } = await project.run('rotate', ['leaf', '--yes']);
  assert.equal(code, 0);
  assert.match(stderr, /Cannot read what the edge serves, so this does not wait for it: connect ECONNREFUSED/);
});

test('--dry-run previews the next pki and writes nothing', async () => {
  const { code, stdout } = await project.run('rotate', ['root-accept', '--dry-run']);
  assert.equal(code, 0);
  assert.match(stdout, /-> \{"generations":\["g1","g2"\],"issuing":"g1"/);
  const calls = project.calls();
  assert.deepEqual(
    calls.map(({ command }) => command),
    ['stack export', 'preview'],
  );
  assert.deepEqual(parse(calls[1]!.file!).config['gridlock:pki'], pki(['g1', 'g2'], 'g1'));
  assert.equal(project.read('Pulumi.dev.yaml'), DEV);
});

test('a step whose up fails is recorded in the file with the way back, and must be finished first', async () => {
  project.tell('fails-at', 'up');
  const { code, stderr } = await project.run('rotate', ['root-accept', '--yes']);
  assert.equal(code, 1);
  assert.match(
    stderr,
    /npm run up -- --stack dev goes on; to go back, set gridlock:pki in Pulumi\.dev\.yaml to \{"generations":\["g1"\]/,
  );
  assert.match(project.read('Pulumi.dev.yaml'), /rotate -- root-accept wrote this, and its up has not succeeded/);
  project.calls();

  const next = await project.run('rotate', ['root-issue', '--yes']);
  assert.equal(next.code, 2);
  assert.match(next.stderr, /step root-accept of Pulumi\.dev\.yaml has not succeeded yet: npm run up/);
  assert.deepEqual(project.calls(), []);

  project.tell('fails-at', '');
  await project.run('up', ['--yes']);
  assert.doesNotMatch(project.read('Pulumi.dev.yaml'), /has not succeeded/);
  assert.deepEqual(written(), pki(['g1', 'g2'], 'g1'));
});

for (const [what, args, pattern] of [
  ['no step', ['--yes'], /Missing required argument 'step'/],
  ['an unknown step', ['root', '--yes'], /'root' is invalid.*Allowed: leaf, intermediate, root-accept/],
  ['a step out of order', ['root-issue', '--yes'], /begins with root-accept/],
  ['a pki as a flag', ['leaf', '--yes', '--pki', '{"leaf":3}'], /Unknown option '--pki'/],
  ['no terminal to confirm', ['leaf'], /npm run rotate -- --yes/],
] as const) {
  test(`${what} is refused with exit code 2 and changes nothing`, async () => {
    const { code, stderr } = await project.run('rotate', args);
    assert.equal(code, 2, stderr);
    assert.match(stderr, pattern);
    assert.equal(project.read('Pulumi.dev.yaml'), DEV);
    assert.deepEqual(project.calls(), []);
  });
}

test('certificates that are files are refused with exit code 2', async () => {
  project.write('Pulumi.dev.yaml', `${DEV}  gridlock:certificates: files\n  gridlock:certificatesDir: x\n`);
  const { code, stderr } = await project.run('rotate', ['leaf', '--yes']);
  assert.equal(code, 2, stderr);
  assert.match(stderr, /npm run certs/);
  assert.deepEqual(project.calls(), []);
});

test('a stack that is not up is not rotated', async () => {
  await project.run('down', ['--yes']);
  const { code, stderr } = await project.run('rotate', ['leaf', '--yes']);
  assert.equal(code, 2);
  assert.match(stderr, /The stack dev is not up/);
  assert.equal(project.read('Pulumi.dev.yaml'), DEV);
});
