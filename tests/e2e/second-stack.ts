import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { Kubectl, type Resource } from '../../infra/cluster/kubectl.ts';
import { publicUrl } from '../../infra/config/origin.ts';
import { docker } from '../../infra/image/docker.ts';
import { CLUSTER } from '../../infra/program/names.ts';
import { upPaths } from '../../infra/up/paths.ts';
import type { Project } from './project.ts';
import * as scenarios from './scenarios.ts';
import type { StackSystem, System } from './system.ts';

const NOT_INSTALLED = { install: false };
const [NODE_PORT, HTTP_NODE_PORT] = [31_443, 31_080];

interface Workload extends Resource {
  spec: { template: { spec: { containers: { image: string }[] } } };
}

/** A stack in another namespace of the cluster, and what is needed to play on it. */
const systemOf = (
  project: Project,
  { clusterName }: StackSystem['config'],
): Pick<System, 'config' | 'kubectl' | 'url' | 'rootPem'> => {
  const config = project.config();
  return {
    config,
    kubectl: new Kubectl(clusterName, config.namespace),
    url: publicUrl(config),
    rootPem: readFileSync(upPaths(project.stateDir, project.stack).rootCertificate, 'utf8'),
  };
};

/**
 * A second stack on the cluster of the first is refused if it needs the same namespace, charts or ports. With others it
 * comes up, and uses the charts of the first. People play on both. Then it is taken down, and the first stays.
 */
export async function besideAnother(system: StackSystem): Promise<string> {
  const { clusterName, replicas } = system.config;
  const { spec } = await system.kubectl.json<Workload>('get', 'deployment', CLUSTER);
  const node = (
    await docker([
      'inspect',
      '--format',
      '{{.NetworkSettings.Networks.kind.IPAddress}}',
      `${clusterName}-control-plane`,
    ])
  ).trim();
  const image = spec.template.spec.containers[0]!.image;
  const project = system.beside({
    image,
    host: node,
    ingress: system.config.ingress,
    ingressService: 'NodePort',
    // A game needs at least two players, each on a different replica.
    replicas: 2,
    ingressReplicas: 1,
    // Except on its own kind cluster, a stack protects Redis and the root from `down`.
    protect: 'false',
  });
  try {
    const refused = await project.attempt('up', ['--yes']);
    assert.equal(refused.code, 2, refused.stdout + refused.stderr);
    for (const pattern of [/The namespace gridlock belongs to another stack/, /The cluster has cert-manager already/]) {
      assert.match(refused.stderr, pattern);
    }
    // A chart from a directory must not have a version.
    const charts = Object.fromEntries(
      Object.entries(project.config().charts).map(([name, { source, version }]) => [
        name,
        version === '' ? { source } : { source, version },
      ]),
    );
    project.configure({
      namespace: 'second',
      autoscaling: system.config.autoscaling === 'none' ? 'none' : 'existing',
      charts: { ...charts, certManager: NOT_INSTALLED, trustManager: NOT_INSTALLED, metricsServer: NOT_INSTALLED },
    });
    const taken = await project.attempt('up', ['--yes']);
    assert.equal(taken.code, 2, taken.stdout + taken.stderr);
    assert.match(taken.stderr, /Port \d+ of the nodes is taken by the Service gridlock-edge of the namespace gridlock/);
    const ports = { nodePort: NODE_PORT, httpNodePort: HTTP_NODE_PORT, port: NODE_PORT, httpPort: HTTP_NODE_PORT };
    project.configure(ports);
    const { seconds } = await project.run('up', ['--yes']);
    const second = systemOf(project, system.config) as System;
    await scenarios.firstHandshake(second);
    await scenarios.game(second);
    await scenarios.game(system);
    await project.run('down', ['--state-dir', project.stateDir, '--yes']);
    assert.equal((await system.kubectl.pods('server')).length >= replicas, true);
    await scenarios.game(system);
    return `up in ${seconds} s at ${node}:${NODE_PORT}, gone again, and the first plays on`;
  } finally {
    await project.attempt('down', ['--state-dir', project.stateDir, '--yes']);
    project.remove();
  }
}
