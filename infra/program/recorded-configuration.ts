// The stack's record of the configuration it was brought up with. It serves to refuse impossible changes.
import * as pulumi from '@pulumi/pulumi';
import {
  ACCEPT_DATA_LOSS,
  RECORD_TYPE,
  type Recorded,
  type RecordHolder,
  recorded,
  recordIn,
  requireChangeable,
} from '../config/changes.ts';
import type { Config } from '../config/config.ts';

/** In the state from the beginning of an `up`, even if the `up` fails half-way. */
export class RecordedConfiguration extends pulumi.ComponentResource {
  constructor(name: string, config: Config) {
    super(RECORD_TYPE, name);
    this.registerOutputs({ values: recorded(config) });
  }
}

/**
 * The configuration in the engine's state with which the stack was brought up; undefined for a new stack. The engine
 * fails when it reads the resources of a stack that has none, so this reads its outputs first.
 */
async function lastRecord(): Promise<Recorded | undefined> {
  const name = `${pulumi.getOrganization()}/${pulumi.getProject()}/${pulumi.getStack()}`;
  const stack = await pulumi.runtime.invoke('pulumi:pulumi:readStackOutputs', { name });
  if (Object.keys(stack?.outputs ?? {}).length === 0) return undefined;
  const { outputs } = await pulumi.runtime.invoke('pulumi:pulumi:readStackResourceOutputs', { stackName: name });
  return recordIn(Object.values((outputs ?? {}) as Record<string, RecordHolder>));
}

/**
 * This also covers `pulumi up`, which no other check does. Prints the cost of the changes.
 * @throws ConfigError before anything is registered
 */
export async function requireStackChangeable(config: Config, env: NodeJS.ProcessEnv = process.env): Promise<void> {
  const record = await lastRecord();
  if (record === undefined) return;
  const { losses, costs } = requireChangeable(record, config, env[ACCEPT_DATA_LOSS] === 'true');
  for (const sentence of [...losses, ...costs]) await pulumi.log.info(sentence);
}
