import type { ReadResourceRequest, RegisterResourceRequest } from '@pulumi/pulumi/proto/resource_pb.js';

/** Stands in the inputs for a value that a preview cannot know yet. */
export const UNKNOWN = '<unknown>';

/** A resource as a program registered it. */
export interface Registration {
  readonly type: string;
  readonly name: string;
  /** The program's inputs, with every secret unwrapped; `UNKNOWN` where a preview does not know the value. */
  readonly inputs: Readonly<Record<string, unknown>>;
  /** Paths of the inputs that are secret, such as `data` or `spec.values[0]`. */
  readonly secrets: readonly string[];
  /** Name of the resource it is part of; undefined directly under the stack. */
  readonly parent: string | undefined;
  /** Name of the provider it was given; undefined: the default one. */
  readonly provider: string | undefined;
  /** False for a component. */
  readonly custom: boolean;
  /** Names of the resources it waits for, by `dependsOn` or because it uses their outputs. */
  readonly dependsOn: readonly string[];
  /** Options that change how the engine treats it, as far as they are set. */
  readonly options: Readonly<Record<string, unknown>>;
  /** True for a resource that is only read (`X.get`). */
  readonly read: boolean;
  readonly urn: string;
}

// The engine's markers for values that are not plain.
const UNKNOWN_VALUE = '04da6b54-80e4-46f7-96ec-b56ff0331ba9';
const MARK = '4dabf18193072939515e22adb298388d';
const SECRET = '1b47061264138c4ac30d75fd1eb44270';
const RESOURCE = '5cf8f73096256a8f31e491e813e4eb8e';

/** Decodes a value of the protocol; `found` gets the path of each secret. */
function decode(value: unknown, path: string, found: string[]): unknown {
  if (value === UNKNOWN_VALUE) return UNKNOWN;
  if (Array.isArray(value)) return value.map((item, index) => decode(item, `${path}[${index}]`, found));
  if (typeof value !== 'object' || value === null) return value;
  const record = value as Record<string, unknown>;
  if (record[MARK] === SECRET) {
    found.push(path);
    return decode(record.value, path, found);
  }
  if (record[MARK] === RESOURCE) return `<${nameOf(String(record.urn))}>`;
  return Object.fromEntries(
    Object.entries(record).map(([key, item]) => [key, decode(item, path ? `${path}.${key}` : key, found)]),
  );
}

/** `urn:pulumi:stack::project::a$b::name` -> `name`; a provider's reference ends with `::id`. */
const nameOf = (urn: string): string => urn.split('::')[3] ?? urn;

/** The request to the engine, as a value to assert on. */
export function registrationOf(request: ResourceRequest, urn: string): Registration {
  const secrets: string[] = [];
  const inputs = decode(request.inputs, '', secrets) as Record<string, unknown>;
  const parent = request.parent.includes('::pulumi:pulumi:Stack::') ? '' : request.parent;
  return {
    type: request.type,
    name: request.name,
    inputs,
    secrets,
    parent: parent === '' ? undefined : nameOf(parent),
    provider: request.provider === '' ? undefined : nameOf(request.provider),
    custom: request.custom,
    dependsOn: [...new Set(request.dependencies.map(nameOf))].sort(),
    options: request.options,
    read: request.read,
    urn,
  };
}

// The two requests by which a program registers or reads a resource, as plain values.
export interface ResourceRequest {
  type: string;
  name: string;
  parent: string;
  provider: string;
  custom: boolean;
  dependencies: readonly string[];
  inputs: Readonly<Record<string, unknown>>;
  options: Readonly<Record<string, unknown>>;
  read: boolean;
}

const isSet = (value: unknown): boolean =>
  Array.isArray(value) ? value.length > 0 : value !== undefined && value !== false && value !== '';

const onlySet = (values: Record<string, unknown>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(values).filter(([, value]) => isSet(value)));

/** The options that are set, by the names a program gives them. */
function optionsOf(request: RegisterResourceRequest): Record<string, unknown> {
  const timeouts = request.getCustomtimeouts();
  const options = {
    protect: request.getProtect(),
    retainOnDelete: request.getRetainondelete(),
    deleteBeforeReplace: request.getDeletebeforereplace(),
    deletedWith: request.getDeletedwith(),
    ignoreChanges: request.getIgnorechangesList(),
    replaceOnChanges: request.getReplaceonchangesList(),
    additionalSecretOutputs: request.getAdditionalsecretoutputsList(),
    import: request.getImportid(),
    customTimeouts:
      timeouts && onlySet({ create: timeouts.getCreate(), update: timeouts.getUpdate(), delete: timeouts.getDelete() }),
    remote: request.getRemote(),
  };
  return onlySet(options);
}

const plain = (struct: ReturnType<RegisterResourceRequest['getObject']>): Record<string, unknown> =>
  (struct?.toJavaScript() ?? {}) as Record<string, unknown>;

export const fromRegister = (request: RegisterResourceRequest): ResourceRequest => ({
  type: request.getType(),
  name: request.getName(),
  parent: request.getParent(),
  provider: request.getProvider(),
  custom: request.getCustom(),
  dependencies: request.getDependenciesList(),
  inputs: plain(request.getObject()),
  options: optionsOf(request),
  read: false,
});

export const fromRead = (request: ReadResourceRequest): ResourceRequest => ({
  type: request.getType(),
  name: request.getName(),
  parent: request.getParent(),
  provider: request.getProvider(),
  custom: true,
  dependencies: request.getDependenciesList(),
  inputs: { ...plain(request.getProperties()), id: request.getId() },
  options: {},
  read: true,
});
