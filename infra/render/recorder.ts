import assert from 'node:assert/strict';
import { setImmediate as nextTurn } from 'node:timers/promises';
import * as pulumi from '@pulumi/pulumi';
import type { ReadResourceRequest, RegisterResourceRequest } from '@pulumi/pulumi/proto/resource_pb.js';
import * as settings from '@pulumi/pulumi/runtime/settings.js';
import { type Answer, answer } from './provider-answers.ts';
import { fromRead, fromRegister, type Registration, type ResourceRequest, registrationOf } from './registration.ts';

export interface RecordOptions {
  /** As `pulumi preview` runs it: the answers of providers are unknown. Default: false. */
  preview?: boolean;
  stack?: string;
  project?: string;
  /** Further answers of providers, which come before the usual ones. */
  answers?: Answer;
  /** The answers of providers' functions, by token. */
  calls?: Readonly<Record<string, (inputs: Record<string, unknown>) => Record<string, unknown>>>;
}

// Not in the types: the wait for requests under way.
const { waitForRPCs } = settings as unknown as { waitForRPCs(): Promise<void> };

/** The organization's name in backends without organizations. */
const ORGANIZATION = 'organization';

type Callback = (error: unknown, response: unknown) => void;
interface Monitor {
  newUrn(parent: string, type: string, name: string): string;
  registerResource(request: RegisterResourceRequest, callback: Callback): Promise<void>;
  readResource(request: ReadResourceRequest, callback: Callback): Promise<void>;
}

/** Keeps every request, with its parent, provider and options, which Pulumi's mocks do not pass on. */
function listen(keep: (request: ResourceRequest, urn: string) => void): void {
  const monitor = settings.getMonitor() as unknown as Monitor;
  const { registerResource, readResource } = monitor;
  monitor.registerResource = (request, callback) => {
    keep(fromRegister(request), monitor.newUrn(request.getParent(), request.getType(), request.getName()));
    return registerResource.call(monitor, request, callback);
  };
  monitor.readResource = (request, callback) => {
    keep(fromRead(request), monitor.newUrn(request.getParent(), request.getType(), request.getName()));
    return readResource.call(monitor, request, callback);
  };
}

/**
 * Until nothing has been registered for a whole turn: an output may still make resources when it is known.
 */
async function settled(registrations: readonly Registration[]): Promise<void> {
  for (let quiet = 0, seen = -1; quiet < 3; quiet = registrations.length === seen ? quiet + 1 : 0) {
    seen = registrations.length;
    await waitForRPCs();
    await nextTurn();
  }
}

/**
 * Runs a program, or a part of one, against a stand-in of the engine. One at a time in a process.
 * `outputs` of the recording is the program's return value, with its outputs resolved.
 */
export async function record<T>(
  program: () => T | Promise<T>,
  options: RecordOptions = {},
): Promise<Recording<pulumi.Unwrap<T>>> {
  const { preview = false, stack = 'dev', project = 'gridlock', answers, calls = {} } = options;
  const registrations: Registration[] = [];
  await pulumi.runtime.setMocks(
    {
      newResource: ({ inputs, id }) => {
        const registration = registrations.at(-1) as Registration;
        const state = answers?.(registration) ?? answer(registration);
        if (preview) return { id: id || undefined, state: inputs };
        return { id: id || `${registration.name}-id`, state: { ...inputs, ...state } };
      },
      call: ({ token, inputs }) => calls[token]?.(inputs) ?? {},
    },
    project,
    stack,
    preview,
    ORGANIZATION,
  );
  listen((request, urn) => registrations.push(registrationOf(request, urn)));
  let returned: T | undefined;
  await pulumi.runtime.runInPulumiStack(async () => {
    returned = await program();
  });
  await settled(registrations);
  const outputs = await resolvedEntries(returned);
  await settled(registrations);
  return new Recording(
    registrations.filter(({ type }) => type !== 'pulumi:pulumi:Stack'),
    outputs as pulumi.Unwrap<T>,
  );
}

/** The value with every output in it resolved; undefined for a value that a preview does not know. */
const resolved = (value: unknown): Promise<unknown> =>
  (pulumi.output(value) as unknown as { promise(): Promise<unknown> }).promise();

/** Key by key, because one unknown output makes the whole map unknown. */
async function resolvedEntries(value: unknown): Promise<unknown> {
  const isMap = typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype;
  if (!isMap) return pulumi.Resource.isInstance(value) ? value : resolved(value);
  const entries = Object.entries(value).map(async ([key, item]) => [key, await resolved(item)] as const);
  return Object.fromEntries(await Promise.all(entries));
}

/** Type and name of a resource: `['kubernetes:core/v1:Service', 'game']`. */
export type Child = readonly [type: string, name: string];

const byTypeAndName = (a: Child, b: Child): number => (a.join() < b.join() ? -1 : 1);

/** The resources that a program registered, in order, and its return value. */
export class Recording<T = unknown> {
  readonly registrations: readonly Registration[];
  readonly outputs: T;

  constructor(registrations: readonly Registration[], outputs: T) {
    this.registrations = registrations;
    this.outputs = outputs;
  }

  /** The one resource of a type, and of a name where there are several. Fails when there is none, or more. */
  one(type: string, name?: string): Registration {
    const found = this.all(type).filter((each) => name === undefined || each.name === name);
    assert.equal(found.length, 1, `${found.length} resources ${type}${name ? ` named ${name}` : ''}; ${this.#list()}`);
    return found[0] as Registration;
  }

  /** Every resource of a type. */
  all(type: string): Registration[] {
    return this.registrations.filter((each) => each.type === type);
  }

  /** Fails unless a component has exactly these children, in any order. */
  assertChildren(parent: string, expected: readonly Child[]): void {
    const children = this.registrations
      .filter((each) => each.parent === parent && !each.read)
      .map(({ type, name }): Child => [type, name]);
    assert.deepEqual(children.sort(byTypeAndName), [...expected].sort(byTypeAndName));
  }

  #list(): string {
    return `registered: ${this.registrations.map(({ type, name }) => `${type} ${name}`).join(', ')}`;
  }
}
