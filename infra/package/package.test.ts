import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { packInfra } from './pack.ts';
import type { PackageSchema } from './package-schema.ts';

const run = promisify(execFile);
const ROOT = path.resolve(import.meta.dirname, '../..');
/** The packages that a Pulumi program already has. */
const OF_PROGRAM = ['@pulumi/pulumi', '@pulumi/kubernetes', '@types/node'];

/** Another directory, in which the archive is installed. */
let directory: string;
let installed: string;
let schema: PackageSchema;

interface Manifest {
  dependencies: Record<string, string>;
  peerDependencies: Record<string, string>;
}

before(async () => {
  directory = mkdtempSync(path.join(os.tmpdir(), 'gridlock-infra-'));
  const archive = await packInfra(path.join(directory, 'artifacts'));
  installed = path.join(directory, 'node_modules/gridlock');
  mkdirSync(installed, { recursive: true });
  await run('tar', ['-xzf', archive, '-C', installed, '--strip-components=1']);
  const manifest = JSON.parse(readFileSync(path.join(installed, 'package.json'), 'utf8')) as Manifest;
  const names = [...Object.keys({ ...manifest.dependencies, ...manifest.peerDependencies }), ...OF_PROGRAM];
  for (const name of new Set(names)) {
    const link = path.join(directory, 'node_modules', name);
    mkdirSync(path.dirname(link), { recursive: true });
    symlinkSync(path.join(ROOT, 'node_modules', name), link);
  }
  schema = JSON.parse(readFileSync(path.join(installed, 'schema.json'), 'utf8')) as PackageSchema;
});
after(() => rmSync(directory, { recursive: true, force: true }));

/** Runs a JavaScript program in the other directory against a stand-in for the engine. Resolves with its output. */
async function runProgram(name: string, source: string): Promise<unknown> {
  const file = path.join(directory, `${name}.mjs`);
  writeFileSync(
    file,
    `import * as pulumi from '@pulumi/pulumi';
const made = [];
await pulumi.runtime.setMocks({
  newResource: ({ type, name, inputs, id }) => {
    made.push({ type, name, inputs });
    // Objects that are read from the cluster have what others put there, such as the roots.
    const read = id ? { data: { 'roots.pem': 'roots' } } : {};
    return { id: id || name, state: { ...read, ...inputs } };
  },
  call: ({ inputs }) => inputs,
});
${source}`,
  );
  const { stdout } = await run(process.execPath, [file], { cwd: directory });
  return JSON.parse(stdout);
}

/** Compiles a file in the other directory, like a user's program. */
function compile(file: string) {
  const tsc = path.join(ROOT, 'node_modules/typescript/bin/tsc');
  const flags = ['--noEmit', '--strict', '--module', 'nodenext', '--target', 'es2024', '--skipLibCheck'];
  return run(process.execPath, [tsc, ...flags, '--types', 'node', file], { cwd: directory });
}

interface Made {
  type: string;
  name: string;
  inputs: Record<string, unknown>;
}

test('a program in another directory makes the replicas of its server with the package', async () => {
  const made = (await runProgram(
    'replicas',
    `const { Replicas } = await import('gridlock');
const { service } = new Replicas('chat', { namespace: 'chat', image: 'registry.example/chat:1.4', port: 3000, replicas: 3 });
await new Promise((resolve) => service.urn.apply(resolve));
await pulumi.runtime.disconnect();
console.log(JSON.stringify(made));`,
  )) as Made[];
  const deployment = made.find(({ type }) => type === 'kubernetes:apps/v1:Deployment')!;
  const { spec } = deployment.inputs as {
    spec: { replicas: number; template: { spec: { containers: { image: string }[] } } };
  };
  assert.equal(spec.replicas, 3);
  assert.equal(spec.template.spec.containers[0]!.image, 'registry.example/chat:1.4');
});

test('a part that reads files has them in the package', async () => {
  const made = (await runProgram(
    'redis',
    `const { RedisSingle } = await import('gridlock');
const certificates = { secret: 'tls', trust: { configMap: 'roots', key: 'roots.pem' } };
new RedisSingle('chat', { namespace: 'chat', certificates });
await pulumi.runtime.disconnect();
console.log(JSON.stringify(made));`,
  )) as Made[];
  assert.ok(made.some(({ type }) => type === 'kubernetes:apps/v1:StatefulSet'));
});

test('the types of the package are those of its arguments', async () => {
  const check = (file: string, source: string) => {
    writeFileSync(path.join(directory, file), source);
    return compile(file);
  };
  const program = (image: string) =>
    `import { Replicas } from 'gridlock';\nnew Replicas('chat', { namespace: 'chat', image: ${image}, replicas: 3 });\n`;
  await check('right.mts', program("'chat:1.4'"));
  await assert.rejects(check('wrong.mts', program('14')), (error: Error & { stdout: string }) => {
    assert.match(error.stdout, /wrong\.mts\(2,\d+\): error TS2322: Type 'number' is not assignable/);
    return true;
  });
});

test('the example of a program in TypeScript compiles, and runs its server', async () => {
  const example = path.join(ROOT, 'examples/pulumi-typescript');
  cpSync(path.join(example, 'index.ts'), path.join(directory, 'index.ts'));
  writeFileSync(path.join(directory, 'package.json'), '{"type":"module"}');
  await compile('index.ts');
  const made = (await runProgram(
    'example',
    `const { service, url } = await import('./index.ts');
await new Promise((resolve) => pulumi.all([service, url]).apply(resolve));
await pulumi.runtime.disconnect();
console.log(JSON.stringify(made));`,
  )) as Made[];
  const deployments = made.filter(({ type }) => type === 'kubernetes:apps/v1:Deployment');
  const places = deployments.map(({ inputs }) => {
    const { name, namespace } = (inputs as { metadata: { name: string; namespace: string } }).metadata;
    return `${namespace}/${name}`;
  });
  assert.deepEqual(places.sort(), ['chat/chat', 'chat/chat-edge-controller']);
});

test('a program in another language can make a whole cluster', () => {
  const { inputProperties, requiredInputs, properties } = schema.resources['gridlock:index:WebSocketCluster']!;
  assert.deepEqual(requiredInputs.sort(), ['edge', 'host', 'image', 'namespace']);
  for (const name of ['certificates', 'redis', 'autoscaling', 'stickiness', 'monitoring'])
    assert.ok(name in inputProperties, name);
  assert.deepEqual(Object.keys(properties), ['url', 'address', 'rootCertificate', 'service']);
});

test('the schema describes the arguments of a component for other languages, with its documentation', () => {
  const { inputProperties, requiredInputs, description } = schema.resources['gridlock:index:Replicas']!;
  assert.match(description!, /^The replicas of a WebSocket server/);
  assert.deepEqual(requiredInputs.sort(), ['image', 'namespace', 'replicas']);
  assert.equal(inputProperties['image']!.type, 'string');
  assert.equal(inputProperties['image']!.plain, undefined);
  assert.deepEqual(inputProperties['environment']!.additionalProperties, { type: 'string' });
  assert.equal(inputProperties['resources']!.$ref, 'pulumi.json#/Any');
  const drain = schema.types['gridlock:index:ReplicasDrain']!;
  assert.deepEqual(Object.keys(drain.properties!).sort(), ['seconds', 'signal']);
});

test('a component that takes one of several interfaces accepts the fields of any of them, and requires those that all require', () => {
  const { inputProperties, requiredInputs, properties } = schema.resources['gridlock:index:Edge']!;
  const kinds = schema.types['gridlock:index:EdgeKind']!.enum!.map(({ value }) => value);
  assert.deepEqual(kinds.sort(), ['controller', 'existing-controller', 'haproxy']);
  for (const name of ['chart', 'agentImage', 'ingressClass']) assert.ok(name in inputProperties, name);
  assert.ok(requiredInputs.includes('certificateSecret') && !requiredInputs.includes('chart'));
  assert.deepEqual(Object.keys(properties), ['url', 'address']);
});

test('every type that the schema names is in it', () => {
  const named = new Set(JSON.stringify(schema).match(/#\/types\/[\w:]+/g));
  assert.ok(named.size > 0);
  for (const reference of named) {
    const type = schema.types[reference.slice('#/types/'.length)];
    assert.ok(type?.properties !== undefined || type?.enum !== undefined, reference);
  }
});

test('the plugin makes a component by the name it has in the schema, and refuses any other', async () => {
  const answers = (await runProgram(
    'plugin',
    `import { readFileSync } from 'node:fs';
const { ComponentProvider } = await import('./node_modules/gridlock/lib/infra/package/plugin.js');
const provider = new ComponentProvider(readFileSync('node_modules/gridlock/schema.json', 'utf8'));
const inputs = { namespace: 'chat', image: 'chat:1.4', replicas: 2 };
const { urn } = await provider.construct('chat', 'gridlock:index:Replicas', inputs, {});
const refused = await provider.construct('chat', 'gridlock:index:Nothing', {}, {}).catch(({ message }) => message);
const resolved = await new Promise((resolve) => pulumi.output(urn).apply(resolve));
await pulumi.runtime.disconnect();
console.log(JSON.stringify({ urn: resolved, refused, schema: JSON.parse(await provider.getSchema()).name }));`,
  )) as { urn: string; refused: string; schema: string };
  assert.match(answers.urn, /::chat$/);
  assert.match(
    answers.refused,
    /^There is no component gridlock:index:Nothing in this package: it has gridlock:index:/,
  );
  assert.equal(answers.schema, 'gridlock');
});
