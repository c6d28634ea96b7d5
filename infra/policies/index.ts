// Reviews of Kubernetes manifests, as predicates: the checks of kube-score, kube-linter and Polaris that matter here.
import { AVAILABILITY } from './availability.ts';
import { BY_DIGEST, IMAGES, PROBES, RESOURCES, SECRETS } from './containers.ts';
import { exemptionOf } from './exemptions.ts';
import { IDENTITY } from './identity.ts';
import type { Policy } from './manifest.ts';
import { type Manifest, nameOf } from './manifest.ts';
import { METADATA } from './metadata.ts';
import { NETWORK } from './network.ts';
import { SECURITY } from './security.ts';

export type { Manifest, Policy } from './manifest.ts';

export const POLICIES: readonly Policy[] = [
  ...IDENTITY,
  ...IMAGES,
  ...RESOURCES,
  ...SECURITY,
  ...SECRETS,
  ...PROBES,
  ...AVAILABILITY,
  ...NETWORK,
  ...METADATA,
];

/** Policies of the pack that count only where its configuration says so. */
export const OPTIONAL_POLICIES: readonly Policy[] = BY_DIGEST;

/** An object that breaks a policy. */
export interface Finding {
  readonly policy: string;
  /** `Kind namespace/name` */
  readonly object: string;
  /** The rest of the sentence whose subject the object is. */
  readonly complaint: string;
}

/** The faults of an object under one policy, without exempt ones. */
export const complaintsOf = (policy: Policy, manifest: Manifest, all: readonly Manifest[]): string[] =>
  policy.check(manifest, all).filter((complaint) => exemptionOf(policy.name, manifest, complaint) === undefined);

/** The faults in a whole set of objects, without exempt ones. */
export const review = (manifests: readonly Manifest[], policies: readonly Policy[] = POLICIES): Finding[] =>
  policies.flatMap((policy) =>
    manifests.flatMap((manifest) =>
      complaintsOf(policy, manifest, manifests).map((complaint) => ({
        policy: policy.name,
        object: nameOf(manifest),
        complaint,
      })),
    ),
  );
