import * as eks from '@pulumi/aws/eks/index.js';
import * as iam from '@pulumi/aws/iam/index.js';
import type * as pulumi from '@pulumi/pulumi';

/** Who solves dns-01 challenges: cert-manager's own account. */
const SOLVER = { namespace: 'cert-manager', serviceAccount: 'cert-manager' };

const TRUST = {
  Version: '2012-10-17',
  Statement: [
    {
      Effect: 'Allow',
      Principal: { Service: 'pods.eks.amazonaws.com' },
      Action: ['sts:AssumeRole', 'sts:TagSession'],
    },
  ],
};

/** What a challenge in one hosted zone takes. */
const challengePolicy = (zone: string) => ({
  Version: '2012-10-17',
  Statement: [
    { Effect: 'Allow', Action: 'route53:GetChange', Resource: 'arn:aws:route53:::change/*' },
    {
      Effect: 'Allow',
      Action: ['route53:ChangeResourceRecordSets', 'route53:ListResourceRecordSets'],
      Resource: `arn:aws:route53:::hostedzone/${zone}`,
    },
  ],
});

/**
 * Lets cert-manager write the records of dns-01 challenges in one hosted zone, without a key in the cluster.
 */
export function createDnsRole(
  name: string,
  args: { clusterName: string; zone: string },
  opts: pulumi.CustomResourceOptions,
): void {
  const role = new iam.Role(`${name}-dns`, { assumeRolePolicy: JSON.stringify(TRUST) }, opts);
  const policy = JSON.stringify(challengePolicy(args.zone));
  new iam.RolePolicy(`${name}-dns-policy`, { role: role.name, policy }, opts);
  new eks.PodIdentityAssociation(
    `${name}-dns-account`,
    { clusterName: args.clusterName, roleArn: role.arn, ...SOLVER },
    opts,
  );
}
