import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { PreflightError } from '../../infra/local/errors.ts';
import { command, exits } from '../kit/command.ts';
import { addStateDirOption, stateDirOf } from '../kit/config-options.ts';
import { matching } from '../kit/values.ts';

const EXAMPLE = `
Example:
  gridlock metrics --boards boards --rules rules.yml > prometheus.yml
  prometheus --config.file prometheus.yml`;

const metrics = command('metrics', 'print the Prometheus configuration of the running cluster')
  .description(
    'Prints a configuration for a Prometheus on this machine: the replicas and the edge of the running cluster, with ' +
      'the labels namespace and pod that boards and alerts use. Ports change with each start of the cluster.',
  )
  .option('--boards <directory>', "write Grafana's dashboards there, one JSON file each")
  .option('--rules <file>', 'write the alert rules there, and name the file in the configuration')
  .option(
    '--namespace <name>',
    'value of the label namespace',
    matching(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/, 'a name of a-z, 0-9 and -'),
    'gridlock',
  )
  .addHelpText('after', EXAMPLE);

/** @throws PreflightError */
function write(file: string, content: string): void {
  try {
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, content);
  } catch (error) {
    throw new PreflightError(`${file} cannot be written (${(error as Error).message}): name another place.`);
  }
  process.stderr.write(`wrote ${file}\n`);
}

async function writeBoards(directory: string, namespace: string): Promise<void> {
  const { localDashboards } = await import('../../infra/components/monitoring/dashboards.ts');
  for (const [file, board] of Object.entries(localDashboards(namespace))) {
    write(path.join(directory, file), `${JSON.stringify(board, null, 2)}\n`);
  }
}

async function writeRules(file: string, namespace: string): Promise<void> {
  const [{ localAlertRules }, { stringify }] = await Promise.all([
    import('../../infra/components/monitoring/alert-rules.ts'),
    import('yaml'),
  ]);
  write(file, stringify({ groups: localAlertRules(namespace) }, { lineWidth: 0 }));
}

export default addStateDirOption(metrics).action(
  exits(async ({ boards, rules, namespace, ...options }) => {
    const [{ readStatus }, { missingFrom, prometheusConfig }] = await Promise.all([
      import('../../infra/local/status.ts'),
      import('../../infra/local/prometheus.ts'),
    ]);
    const stateDir = stateDirOf(options);
    const status = await readStatus(stateDir);
    if (!status.running) throw new PreflightError(`Nothing is running on ${stateDir}: gridlock start.`);
    const rulesFile = rules === undefined ? undefined : path.resolve(rules);
    if (boards !== undefined) await writeBoards(boards, namespace);
    if (rulesFile !== undefined) await writeRules(rulesFile, namespace);
    const missing = missingFrom(status);
    if (missing !== undefined) process.stderr.write(`${missing}\n`);
    process.stdout.write(prometheusConfig(status, { namespace, rulesFile }));
    return 0;
  }),
);
