import * as kubernetes from '@pulumi/kubernetes';
import * as pulumi from '@pulumi/pulumi';
import { labelsOf } from '../labels.ts';
import { scopeOf } from '../names.ts';
import { edgeDeployment, edgeName } from './names.ts';

const READ = ['get', 'list', 'watch'];
const HAPROXY_GROUPS = ['ingress.v1.haproxy.org', 'ingress.v3.haproxy.org'];
const DEFINITIONS = 'customresourcedefinitions';

/**
 * The controller may read these in its own namespace, and nowhere else. It watches every Secret there, although it
 * needs the edge's certificate alone: Kubernetes cannot restrict a watch to a name.
 */
const NAMESPACE_RULES = [
  { apiGroups: [''], resources: ['configmaps', 'secrets', 'services', 'endpoints', 'pods'], verbs: READ },
  { apiGroups: ['discovery.k8s.io'], resources: ['endpointslices'], verbs: READ },
  { apiGroups: ['networking.k8s.io'], resources: ['ingresses'], verbs: READ },
  { apiGroups: ['networking.k8s.io'], resources: ['ingresses/status'], verbs: ['get', 'update'] },
  {
    apiGroups: HAPROXY_GROUPS,
    resources: ['globals', 'defaults', 'frontends', 'backends', 'tcps', 'validationrules'],
    verbs: READ,
  },
];

/** Objects without a namespace. They reveal nothing about the cluster except the names of namespaces. */
const CLUSTER_RULES = [
  { apiGroups: [''], resources: ['namespaces'], verbs: READ },
  { apiGroups: ['networking.k8s.io'], resources: ['ingressclasses'], verbs: READ },
  { apiGroups: ['apiextensions.k8s.io'], resources: [DEFINITIONS], verbs: READ },
];

/** The definitions that the chart's job makes and updates. */
const DEFINITION_NAMES = [
  ...['globals', 'defaults', 'backends', 'tcps'].map((name) => `${name}.ingress.v1.haproxy.org`),
  ...['globals', 'defaults', 'frontends', 'backends', 'tcps', 'validationrules'].map(
    (name) => `${name}.ingress.v3.haproxy.org`,
  ),
];

/** A rule cannot name a definition that does not exist yet. */
const JOB_RULES = [
  { apiGroups: ['apiextensions.k8s.io'], resources: [DEFINITIONS], verbs: ['create'] },
  {
    apiGroups: ['apiextensions.k8s.io'],
    resources: [DEFINITIONS],
    resourceNames: DEFINITION_NAMES,
    verbs: ['get', 'update'],
  },
];

/** The name of an account, known once it has its rights. */
const knownAfter = (account: kubernetes.core.v1.ServiceAccount, rights: readonly pulumi.CustomResource[]) =>
  pulumi.all([account.metadata.name, pulumi.all(rights.map(({ id }) => id))]).apply(([name]) => name);

export interface ControllerAccessArgs {
  readonly cluster: string;
  readonly namespace: pulumi.Input<string>;
}

/** The ServiceAccounts of the ingress controller and of the job that makes its definitions, with what each may do. */
export class ControllerAccess extends pulumi.ComponentResource {
  /** Known once it has its rights. */
  readonly controllerAccount: pulumi.Output<string>;
  readonly jobAccount: pulumi.Output<string>;

  constructor(name: string, { cluster, namespace }: ControllerAccessArgs, opts?: pulumi.ComponentResourceOptions) {
    super('gridlock:components:ControllerAccess', name, {}, opts);
    const labels = labelsOf({ cluster, part: 'edge' });
    const accountOf = (suffix: string, account: string, automountServiceAccountToken: boolean) =>
      new kubernetes.core.v1.ServiceAccount(
        `${name}-${suffix}`,
        { metadata: { name: account, namespace, labels }, automountServiceAccountToken },
        { parent: this },
      );
    const scope = pulumi.output(namespace).apply((space) => scopeOf(space, cluster));
    const forCluster = (suffix: string, rules: object[], account: kubernetes.core.v1.ServiceAccount) => {
      const metadata = { name: pulumi.interpolate`${scope}-edge-${suffix}`, labels };
      const role = new kubernetes.rbac.v1.ClusterRole(
        `${name}-${suffix}`,
        { metadata, rules: rules as never },
        { parent: this },
      );
      return new kubernetes.rbac.v1.ClusterRoleBinding(
        `${name}-${suffix}`,
        {
          metadata,
          roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: role.metadata.name },
          subjects: [{ kind: 'ServiceAccount', name: account.metadata.name, namespace }],
        },
        { parent: this },
      );
    };
    // Its pods ask for a token themselves; the chart's job does not.
    const controller = accountOf('controller', edgeDeployment(cluster, 'controller'), false);
    const job = accountOf('definitions', `${edgeName(cluster)}-definitions`, true);
    const bound = [
      forCluster('controller', CLUSTER_RULES, controller),
      this.#inNamespace(`${name}-controller`, { cluster, namespace }, controller),
    ];
    const jobBound = forCluster('definitions', JOB_RULES, job);
    this.controllerAccount = knownAfter(controller, bound);
    this.jobAccount = knownAfter(job, [jobBound]);
    this.registerOutputs({});
  }

  #inNamespace(name: string, { cluster, namespace }: ControllerAccessArgs, account: kubernetes.core.v1.ServiceAccount) {
    const metadata = {
      name: edgeDeployment(cluster, 'controller'),
      namespace,
      labels: labelsOf({ cluster, part: 'edge' }),
    };
    const role = new kubernetes.rbac.v1.Role(name, { metadata, rules: NAMESPACE_RULES }, { parent: this });
    return new kubernetes.rbac.v1.RoleBinding(
      name,
      {
        metadata,
        roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: role.metadata.name },
        subjects: [{ kind: 'ServiceAccount', name: account.metadata.name, namespace }],
      },
      { parent: this },
    );
  }
}
