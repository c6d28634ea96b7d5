// Converts an API server's description of its kinds to JSON schemas that kubeconform reads.

type Schema = Record<string, unknown>;

export interface Kind {
  group: string;
  version: string;
  kind: string;
}

/** The part of `/openapi/v3/...` that is used here. */
export interface OpenApi {
  components?: { schemas?: Record<string, Schema> };
}

const REFERENCE = '#/components/schemas/';
/** Keys for readers, and keys that only the API server uses. */
const DROPPED = /^(description|default|example|x-kubernetes-.*)$/;

/** The name of a kind's file, as kubeconform fills in its template. */
export const fileOf = ({ group, version, kind }: Kind): string =>
  `${kind.toLowerCase()}${group === '' ? '' : `-${group.split('.')[0]}`}-${version.toLowerCase()}.json`;

/** The path of an API server's description of a group and version. */
export const pathOf = ({ group, version }: Kind): string =>
  group === '' ? `api/${version}` : `apis/${group}/${version}`;

/** `apiVersion` and `kind` of a manifest, taken apart. */
export function kindOf({ apiVersion, kind }: { apiVersion: string; kind: string }): Kind {
  const [version, group = ''] = apiVersion.split('/').reverse();
  return { group, version: version!, kind };
}

/** A schema without comments, which refuses unknown fields. `used` gets every schema that it refers to. */
function strict(schema: unknown, used: (name: string) => void): unknown {
  if (Array.isArray(schema)) return schema.map((item) => strict(item, used));
  if (typeof schema !== 'object' || schema === null) return schema;
  const known = schema as Schema;
  const closed = 'properties' in known && !('additionalProperties' in known) && !preservesUnknown(known);
  const result: Schema = {};
  for (const [key, value] of Object.entries(known)) {
    if (key === '$ref') {
      const name = String(value).slice(REFERENCE.length);
      used(name);
      result[key] = `#/definitions/${name}`;
    } else if (key === 'properties') {
      // Names of fields, which may equal a dropped key, such as `default` or `description`.
      const fields = Object.entries(value as Schema).map(([name, field]) => [name, strict(field, used)]);
      result[key] = Object.fromEntries(fields);
    } else if (key === 'required' && (value as string[]).length === 0) {
    } else if (!DROPPED.test(key)) {
      result[key] = strict(value, used);
    }
  }
  if (closed) result.additionalProperties = false;
  if (known['x-kubernetes-int-or-string']) return { anyOf: [{ type: 'integer' }, { type: 'string' }] };
  return result;
}

const preservesUnknown = (schema: Schema): boolean => schema['x-kubernetes-preserve-unknown-fields'] === true;

const isKind = (schema: Schema, { group, version, kind }: Kind): boolean =>
  ((schema['x-kubernetes-group-version-kind'] as Kind[] | undefined) ?? []).some(
    (each) => each.group === group && each.version === version && each.kind === kind,
  );

/** The schema of one kind with everything it refers to; undefined when the API server does not know it. */
export function schemaOf(document: OpenApi, kind: Kind): Schema | undefined {
  const schemas = document.components?.schemas ?? {};
  const [name] = Object.entries(schemas).find(([, schema]) => isKind(schema, kind)) ?? [];
  if (name === undefined) return undefined;
  const definitions: Schema = {};
  const add = (wanted: string): void => {
    if (wanted in definitions) return;
    definitions[wanted] = {};
    definitions[wanted] = strict(schemas[wanted], add);
  };
  add(name);
  const inOrder = Object.entries(definitions).sort(([a], [b]) => (a < b ? -1 : 1));
  return { $ref: `#/definitions/${name}`, definitions: Object.fromEntries(inOrder) };
}

/** The part of a CustomResourceDefinition that is used here. */
export interface Definition {
  kind?: string;
  spec?: {
    group: string;
    names: { kind: string };
    versions: { name: string; schema?: { openAPIV3Schema?: Schema } }[];
  };
}

/** The schema of one kind from the file that defines it; undefined when it defines another. */
export function schemaOfDefinition({ spec }: Definition, { group, version, kind }: Kind): Schema | undefined {
  if (spec?.group !== group || spec.names.kind !== kind) return undefined;
  const schema = spec.versions.find((each) => each.name === version)?.schema?.openAPIV3Schema;
  return schema && (strict(schema, () => {}) as Schema);
}
