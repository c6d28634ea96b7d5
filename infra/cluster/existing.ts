import { readFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type * as kubernetes from '@pulumi/kubernetes';
import * as pulumi from '@pulumi/pulumi';
import { parse, stringify } from 'yaml';
import { type Config, ConfigError, fromCheckout } from '../config/config.ts';
import type { Cluster } from './cluster.ts';
import { clusterProvider } from './cluster.ts';

/** An existing cluster, by a context of a kubeconfig. The stack touches only the objects that it installs. */
export class ExistingCluster extends pulumi.ComponentResource implements Cluster {
  readonly provider: kubernetes.Provider;
  readonly kubeconfig: pulumi.Output<string>;

  constructor(name: string, config: Config, opts?: pulumi.ComponentResourceOptions) {
    super('gridlock:cluster:Existing', name, {}, opts);
    this.kubeconfig = pulumi.secret(readKubeconfig(config));
    this.provider = clusterProvider(name, this.kubeconfig, { parent: this });
    this.registerOutputs({ kubeconfig: this.kubeconfig });
  }
}

interface Entry {
  name: string;
}
interface ClusterEntry extends Entry {
  cluster: Record<string, unknown>;
}
interface UserEntry extends Entry {
  user: Record<string, unknown>;
}
interface ContextEntry extends Entry {
  context: { cluster: string; user: string; namespace?: string };
}
interface Kubeconfig {
  'current-context'?: string;
  clusters?: ClusterEntry[];
  contexts?: ContextEntry[];
  users?: UserEntry[];
}

/** Keys of a kubeconfig that name a file, which may be relative to the kubeconfig. */
const FILES = ['certificate-authority', 'client-certificate', 'client-key', 'tokenFile'];

const named = <T extends Entry>(entries: readonly T[] | undefined, name: string): T | undefined =>
  entries?.find((entry) => entry.name === name);

/** The settings with absolute paths of files. */
function located(settings: Record<string, unknown>, directory: string): Record<string, unknown> {
  const entries = Object.entries(settings).map(([key, value]) =>
    FILES.includes(key) ? [key, path.resolve(directory, String(value))] : [key, value],
  );
  return Object.fromEntries(entries);
}

/**
 * One context of a kubeconfig with its cluster and user, and nothing else, because this stack does not need the rest.
 * An empty `context` means the current one; undefined when the kubeconfig does not have it.
 */
export function pickContext(text: string, context: string, directory: string): string | undefined {
  const all = (parse(text) ?? {}) as Kubeconfig;
  const wanted = named(all.contexts, context === '' ? (all['current-context'] ?? '') : context);
  const cluster = wanted && named(all.clusters, wanted.context.cluster);
  const user = wanted && named(all.users, wanted.context.user);
  if (!wanted || !cluster || !user) return undefined;
  return stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: cluster.name, cluster: located(cluster.cluster, directory) }],
    users: [{ name: user.name, user: located(user.user, directory) }],
    contexts: [wanted],
    'current-context': wanted.name,
  });
}

/** The kubeconfig files kubectl would read. */
const usualFiles = (env: NodeJS.ProcessEnv): string[] =>
  env.KUBECONFIG ? env.KUBECONFIG.split(path.delimiter).filter(Boolean) : [path.join(os.homedir(), '.kube', 'config')];

/**
 * The kubeconfig of the context that the configuration names.
 * @throws ConfigError when a named file cannot be read, or none has the context
 */
export function readKubeconfig(config: Pick<Config, 'kubeconfig' | 'context'>, env = process.env): string {
  const files = config.kubeconfig === '' ? usualFiles(env) : [fromCheckout(config.kubeconfig)];
  for (const file of files) {
    let text: string;
    try {
      text = readFileSync(file, 'utf8');
    } catch (error) {
      if (config.kubeconfig === '') continue;
      throw new ConfigError(`The kubeconfig ${file} cannot be read: ${(error as Error).message}.`);
    }
    const picked = pickContext(text, config.context, path.dirname(path.resolve(file)));
    if (picked !== undefined) return picked;
  }
  const context = config.context === '' ? 'a current context' : `a context ${config.context}`;
  throw new ConfigError(
    `No kubeconfig has ${context} with its cluster and user (read: ${files.join(', ')}):` +
      ' `kubectl config get-contexts` lists the existing ones.',
  );
}
