import type { Config } from '../config/config.ts';
import { gridlock, type Outputs } from '../program/gridlock.ts';
import { isManifest, type Manifest, manifestsOf } from './manifest.ts';
import { type RecordOptions, record } from './recorder.ts';
import type { Registration } from './registration.ts';

/** The result of the whole program of a stack. */
export interface Rendering {
  /** The objects for the API server, in the order to apply them. */
  manifests: Manifest[];
  /** Resources that are not objects of the cluster: charts, images, commands, the cloud's resources. */
  others: Registration[];
  /** The stack's outputs. */
  outputs: Record<keyof Outputs, string>;
}

/** Runs the program of a stack without an engine. */
export async function render(config: Config, options: RecordOptions = {}): Promise<Rendering> {
  const recording = await record(() => gridlock(config), { ...options, stack: config.stack });
  const others = recording.registrations.filter((each) => each.custom && !each.read && !isManifest(each));
  return { manifests: manifestsOf(recording.registrations), others, outputs: recording.outputs };
}
