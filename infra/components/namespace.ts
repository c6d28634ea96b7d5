import * as kubernetes from '@pulumi/kubernetes';
import * as pulumi from '@pulumi/pulumi';
import { stackLabels } from './labels.ts';

export interface NamespaceArgs {
  /** Its name. */
  readonly name: string;
  /** The Pod Security Standard that its pods must meet. */
  readonly level: 'restricted' | 'baseline' | 'privileged';
}

/** A namespace that refuses every pod below its Pod Security Standard. */
export class Namespace extends pulumi.ComponentResource {
  /** Its name, known once the namespace exists. */
  readonly metadataName: pulumi.Output<string>;

  constructor(name: string, args: NamespaceArgs, opts?: pulumi.ComponentResourceOptions) {
    super('gridlock:components:Namespace', name, {}, opts);
    const namespace = new kubernetes.core.v1.Namespace(
      name,
      { metadata: { name: args.name, labels: { ...stackLabels(args.name), ...securityLabels(args.level) } } },
      { parent: this },
    );
    this.metadataName = namespace.metadata.name;
    this.registerOutputs({ metadataName: this.metadataName });
  }
}

/** The same level is enforced, audited and warned about. */
const securityLabels = (level: NamespaceArgs['level']): Record<string, string> =>
  Object.fromEntries(
    ['enforce', 'audit', 'warn'].flatMap((mode) => [
      [`pod-security.kubernetes.io/${mode}`, level],
      [`pod-security.kubernetes.io/${mode}-version`, 'latest'],
    ]),
  );
