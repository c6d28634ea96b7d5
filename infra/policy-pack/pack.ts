import {
  type PolicyResource,
  type ResourceValidationPolicy,
  type StackValidationPolicy,
  UnknownValueError,
} from '@pulumi/policy';
import { complaintsOf, type Manifest, OPTIONAL_POLICIES, POLICIES, type Policy } from '../policies/index.ts';
import { nameOf } from '../policies/manifest.ts';
import { withoutFields } from '../render/ignored-fields.ts';

/** Stands for a value that a preview does not know yet. Two of them count as equal: usually it is the namespace. */
const UNKNOWN = '<unknown>';

/** The value without the engine's guard, which throws on unknown values. */
function known(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  const field = (name: string): unknown => {
    try {
      return known((value as Record<string, unknown>)[name]);
    } catch (error) {
      if (error instanceof UnknownValueError) return UNKNOWN;
      throw error;
    }
  };
  if (Array.isArray(value)) return Array.from({ length: value.length }, (_, index) => field(String(index)));
  return Object.fromEntries(Object.keys(value).map((name) => [name, field(name)]));
}

type Asking = Pick<PolicyResource, 'type' | 'props'> & Partial<Pick<PolicyResource, 'opts'>>;

/** An object of a cluster as far as it is known; undefined for a chart, a provider or something elsewhere. */
function manifestOf({ type, props, opts }: Asking): Manifest | undefined {
  if (!type.startsWith('kubernetes:')) return undefined;
  const { apiVersion, kind, spec, ...rest } = withoutFields(
    known(props) as Record<string, unknown>,
    opts?.ignoreChanges ?? [],
  );
  if (typeof apiVersion !== 'string' || typeof kind !== 'string') return undefined;
  return {
    ...rest,
    apiVersion,
    kind,
    ...(typeof spec === 'object' ? { spec: spec as Manifest['spec'] } : {}),
  } as Manifest;
}

/** The faults as sentences. Unknown values are checked in the update. */
const sentences = (policy: Policy, manifest: Manifest, all: readonly Manifest[]): string[] =>
  complaintsOf(policy, manifest, all)
    .filter((complaint) => !complaint.includes(UNKNOWN))
    .map((complaint) => `${nameOf(manifest)} ${complaint}.`);

const described = (policy: Policy) => ({
  name: policy.name,
  description: policy.sentence,
  ...(OPTIONAL_POLICIES.includes(policy) ? { enforcementLevel: 'disabled' as const } : {}),
});

/**
 * The objects that the program asked for, by URN. The policy engine shows each resource alone before it is made. It
 * shows all of them again with the API server's answers, which include defaults.
 */
type Asked = Map<string, Manifest>;

const ofOne = (policy: Policy, asked: Asked): ResourceValidationPolicy => ({
  ...described(policy),
  validateResource: (resource, report) => {
    const manifest = manifestOf(resource);
    if (!manifest) return;
    asked.set(resource.urn, manifest);
    for (const sentence of sentences(policy, manifest, [])) report(sentence);
  },
});

const ofAll = (policy: Policy, asked: Asked): StackValidationPolicy => ({
  ...described(policy),
  validateStack: ({ resources }, report) => {
    const manifests = new Map(resources.map((resource) => [resource, asked.get(resource.urn) ?? manifestOf(resource)]));
    const all = [...manifests.values()].filter((manifest) => manifest !== undefined);
    for (const [{ urn }, manifest] of manifests) {
      for (const sentence of manifest ? sentences(policy, manifest, all) : []) report(sentence, urn);
    }
  },
});

/** The policies in the form for Pulumi's policy engine. */
export function crossGuard(
  policies: readonly Policy[] = [...POLICIES, ...OPTIONAL_POLICIES],
): (ResourceValidationPolicy | StackValidationPolicy)[] {
  const asked: Asked = new Map();
  return policies.map((policy) => (policy.whole ? ofAll(policy, asked) : ofOne(policy, asked)));
}
