// The two requests by which a program registers or reads a resource, as plain values.
import type { ReadResourceRequest, RegisterResourceRequest } from '@pulumi/pulumi/proto/resource_pb.js';

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
