// The plugin that Pulumi runs for programs in other languages; the package's PulumiPlugin.yaml names it.
import { readFileSync } from 'node:fs';
import type * as pulumi from '@pulumi/pulumi';
import { main } from '@pulumi/pulumi/provider/index.js';
import type { ConstructResult, Provider } from '@pulumi/pulumi/provider/provider.js';
import * as components from '../components/index.ts';
import type { PackageSchema } from './package-schema.ts';

type Component = new (name: string, args: pulumi.Inputs, options: pulumi.ComponentResourceOptions) => Built;
type Built = pulumi.ComponentResource & Readonly<Record<string, unknown>>;

/** Makes the components of the package. They have the same names in the schema and in TypeScript. */
export class ComponentProvider implements Provider {
  readonly version: string;
  readonly #schema: PackageSchema;

  constructor(schema: string) {
    this.#schema = JSON.parse(schema) as PackageSchema;
    this.version = this.#schema.version;
  }

  getSchema(): Promise<string> {
    return Promise.resolve(JSON.stringify(this.#schema));
  }

  /** @throws when the schema has no such component */
  async construct(
    name: string,
    type: string,
    inputs: pulumi.Inputs,
    options: pulumi.ComponentResourceOptions,
  ): Promise<ConstructResult> {
    const resource = this.#schema.resources[type];
    if (resource === undefined) {
      const known = Object.keys(this.#schema.resources).join(', ');
      throw new Error(`There is no component ${type} in this package: it has ${known}.`);
    }
    const kind = type.split(':')[2] as keyof typeof components;
    // biome-ignore lint/performance/noDynamicNamespaceImportAccess: a component is found by its name.
    const built = new (components[kind] as unknown as Component)(name, inputs, options);
    const state = Object.fromEntries(Object.keys(resource.properties).map((key) => [key, built[key]]));
    return { urn: built.urn, state };
  }
}

/** Serves the engine that started this process. The first argument is the engine's address. */
export function serve(schemaFile: string, args: string[] = process.argv.slice(2)): Promise<void> {
  return main(new ComponentProvider(readFileSync(schemaFile, 'utf8')), args);
}
