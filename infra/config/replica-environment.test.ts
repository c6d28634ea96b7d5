import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { parse } from 'yaml';
import { REPLICA_VARIABLES } from '../../services/server/config.ts';
import { planReplicas, replicaSpec } from '../local/replica-process.ts';
import { statePaths } from '../local/state-paths.ts';
import { readConfig } from './config.ts';
import { replicaSettings } from './replica-environment.ts';

const config = readConfig({ directory: '/nonexistent' });
/** A configuration with every setting that has no default. */
const issuer = readConfig({
  args: ['--jwt-issuer=x', '--jwt-audience=y', '--jwt-jwks-url=https://id.example', '--guests=false'],
  directory: '/nonexistent',
});
const known = new Set<string>(REPLICA_VARIABLES);
/** Variables of the container, not of the program in it: another value makes a new container. */
const OF_COMPOSE = ['GRIDLOCK_FILES'];
/** Variables of Node, and of the supervisor's own environment. */
const OF_NODE = ['NODE_ENV'];

function assertKnown(names: readonly string[], except: readonly string[] = [], configured = config): void {
  const unknown = names.filter((name) => !known.has(name) && !except.includes(name));
  assert.deepEqual(unknown, [], 'a replica does not know these variables');
  const missing = Object.keys(replicaSettings(configured)).filter((name) => !names.includes(name));
  assert.deepEqual(missing, [], 'the configuration does not reach the replica');
}

test('npm start sets only variables that a replica knows, and every one that is configured', () => {
  const [replica] = planReplicas(1, [8080, 9090]);
  for (const configured of [config, issuer]) {
    const { env } = replicaSpec(replica!, configured, statePaths('/tmp/state'), 6379, '/tmp/page');
    const own = Object.keys(env!).filter((name) => process.env[name] !== env![name]);
    assertKnown(own, OF_NODE, configured);
  }
});

test('compose.yaml sets only variables that a replica knows, and every one that is configured', () => {
  const text = readFileSync(path.join(import.meta.dirname, '../../compose.yaml'), 'utf8');
  const { services } = parse(text, { merge: true }) as { services: Record<string, { environment?: object }> };
  for (const name of ['ws1', 'ws2', 'ws3', 'ws4'])
    assertKnown(Object.keys(services[name]!.environment!), OF_COMPOSE, issuer);
});

test('the pods of the golden manifests set only variables that a replica knows, and every one that is configured', () => {
  for (const stack of ['dev', 'cloud', 'stateful', 'sentinel']) {
    const text = readFileSync(path.join(import.meta.dirname, '../golden', `${stack}.yaml`), 'utf8');
    const containers = [...text.matchAll(/- name: APPID[\s\S]*?(?=\n\s+image:)/g)].map(([part]) => part);
    assert.ok(containers.length > 0, stack);
    for (const container of containers)
      assertKnown([...container.matchAll(/- name: ([A-Z_]+)$/gm)].map(([, name]) => name!));
  }
});
