import { existsSync } from 'node:fs';
import path from 'node:path';
import { CHARTS, type ChartName } from '../../infra/config/cluster-keys.ts';
import { ConfigError, configHelp, readFlags } from '../../infra/config/config.ts';

export type Mode = 'full' | 'plain';

/** What a run of the end-to-end test was asked for. */
export interface Options {
  /** Undefined: the better one that is possible. */
  readonly mode: Mode | undefined;
  /** Directory with a directory for each chart. */
  readonly charts: string | undefined;
  /** Images of this machine's Docker to put into the cluster, for networks without a registry. */
  readonly load: readonly string[];
  /** Where the figures are written as JSON. */
  readonly json: string | undefined;
  /** Leaves the cluster and its state. */
  readonly keep: boolean;
  /** Keys of the configuration that were given as flags. */
  readonly settings: Readonly<Record<string, unknown>>;
}

export const HELP = `npm run e2e -- [flags]

Brings the whole system up on a kind cluster of its own, plays on it while parts of it fail, and takes it down.

  --mode full|plain              full: by the Pulumi CLI, with the charts; plain: the program's manifests, applied as they
                                 are, with a plain HAProxy and certificates of certs/. Default: full where it is possible
  --charts DIR                   take the charts from DIR/cert-manager, DIR/kubernetes-ingress, ... instead of registries
  --load IMAGE,...               load images of this machine's Docker into the cluster, for networks without a registry
  --json FILE                    write every step with its time and result to FILE
  --keep                         leave the cluster and say where it is

${configHelp('cluster')}`;

/** The charts of the stack that is tested. */
const USED: readonly ChartName[] = ['certManager', 'trustManager', 'ingress', 'metricsServer'];

/** The `charts` of the configuration for a directory that holds them. @throws ConfigError when one is missing */
export function chartsIn(directory: string): Record<string, { source: string }> {
  const entries = USED.map((name) => {
    const source = path.resolve(directory, CHARTS[name].name);
    if (existsSync(path.join(source, 'Chart.yaml'))) return [name, { source }] as const;
    throw new ConfigError(`--charts ${directory} has no chart ${CHARTS[name].name}: unpack it to ${source}.`);
  });
  return Object.fromEntries(entries);
}

/** @throws ConfigError with a sentence for whatever is wrong */
export function readOptions(args: readonly string[]): Options {
  const own = new Map<string, string[]>();
  const rest: string[] = [];
  let keep = false;
  for (let index = 0; index < args.length; index += 1) {
    const [flag, inline] = args[index]!.split(/=(.*)/s) as [string, string | undefined];
    if (flag === '--keep') keep = true;
    else if (['--mode', '--charts', '--load', '--json'].includes(flag)) {
      const value = inline ?? args[(index += 1)];
      if (value === undefined) throw new ConfigError(`The flag ${flag} needs a value.`);
      own.set(flag, [...(own.get(flag) ?? []), value]);
    } else rest.push(args[index]!);
  }
  const mode = own.get('--mode')?.at(-1);
  if (mode !== undefined && mode !== 'full' && mode !== 'plain') {
    throw new ConfigError(`--mode is ${JSON.stringify(mode)}: full or plain is allowed.`);
  }
  const { flags } = readFlags(rest, 'cluster');
  return {
    mode,
    charts: own.get('--charts')?.at(-1),
    load: (own.get('--load') ?? []).flatMap((list) => list.split(',')).filter(Boolean),
    json: own.get('--json')?.at(-1),
    keep,
    settings: Object.fromEntries([...flags].map(([key, { value }]) => [key, value])),
  };
}
