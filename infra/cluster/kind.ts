import * as command from '@pulumi/command';
import type * as kubernetes from '@pulumi/kubernetes';
import * as pulumi from '@pulumi/pulumi';
import * as random from '@pulumi/random';
import { stringify } from 'yaml';
import type { Config } from '../config/config.ts';
import type { Cluster, LoadedImage } from './cluster.ts';
import { clusterProvider } from './cluster.ts';
import { kindConfig } from './kind-config.ts';
import { CREATE, DELETE, KUBECONFIG, LOAD, UPDATE } from './kind-scripts.ts';

/**
 * A kind cluster on this machine. An existing cluster of its name is adopted, and stays when the stack is destroyed. A
 * change of nodes or ports makes a new cluster.
 */
export class KindCluster extends pulumi.ComponentResource implements Cluster {
  readonly provider: kubernetes.Provider;
  readonly kubeconfig: pulumi.Output<string>;
  readonly #nodes: command.local.Command;
  readonly #environment: Readonly<Record<string, string>>;

  constructor(name: string, config: Config, opts?: pulumi.ComponentResourceOptions) {
    super('gridlock:cluster:Kind', name, {}, opts);
    this.#environment = { CLUSTER: config.clusterName };
    this.#nodes = this.#createNodes(name, config);
    const kubeconfig = new command.local.Command(
      `${name}-kubeconfig`,
      {
        create: KUBECONFIG,
        environment: this.#environment,
        triggers: [this.#nodes.id],
        logging: command.local.Logging.Stderr,
      },
      { parent: this, additionalSecretOutputs: ['stdout'] },
    );
    this.kubeconfig = pulumi.secret(kubeconfig.stdout);
    this.provider = clusterProvider(name, this.kubeconfig, { parent: this });
    this.registerOutputs({ kubeconfig: this.kubeconfig });
  }

  #createNodes(name: string, config: Config): command.local.Command {
    const stdin = stringify(kindConfig(config));
    // It is in the state before kind begins, so that a run after an interrupted one recognizes its cluster.
    const owner = new random.RandomId(`${name}-owner`, { byteLength: 8 }, { parent: this });
    return new command.local.Command(
      `${name}-nodes`,
      {
        create: CREATE,
        update: UPDATE,
        delete: DELETE,
        stdin,
        environment: {
          ...this.#environment,
          OWNER: owner.hex,
          PORT: `${config.port}`,
          NODE_PORT: `${config.nodePort}`,
        },
        triggers: [config.clusterName, stdin],
        logging: command.local.Logging.Stderr,
      },
      // Two clusters of one name, or on one port, cannot exist at the same time.
      { parent: this, deleteBeforeReplace: true, customTimeouts: { create: '10m' } },
    );
  }

  loadImage = (name: string, reference: pulumi.Input<string>, opts: pulumi.CustomResourceOptions): LoadedImage => {
    const load = new command.local.Command(
      name,
      {
        create: LOAD,
        environment: { ...this.#environment, IMAGE: reference },
        triggers: [reference, this.#nodes.id],
        logging: command.local.Logging.Stderr,
      },
      opts,
    );
    return { reference: load.environment.apply((environment) => environment?.IMAGE ?? '') };
  };
}
