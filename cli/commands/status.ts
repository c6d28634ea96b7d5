import type { AnyStatus, Status } from '../../infra/local/system-status.ts';
import { command, exits } from '../kit/command.ts';
import { addStateDirOption, stateDirOf } from '../kit/config-options.ts';
import { table } from '../kit/terminal.ts';

type Row = readonly (string | number | undefined)[];

const stateOf = (pid: number | undefined): string => (pid === undefined ? 'restarting' : 'running');

/** A line for each process of Gridlock's replicas, or of the user's servers. */
function processRows(status: AnyStatus): Row[] {
  const { edge, redis } = status;
  const isOwn = 'replicas' in status;
  const row = (cells: Row, sessions: Row = ['']): Row => (isOwn ? cells : [...cells, ...sessions]);
  return [
    row(['PROCESS', 'APPID', 'PID', 'PORT', 'RESTARTS', 'STATE'], ['SESSIONS']),
    row(['edge', '', edge.pid, `${edge.port}, ${edge.httpPort}`, edge.restarts, stateOf(edge.pid)]),
    ...(isOwn
      ? status.replicas.map(({ name, appId, pid, port, restarts, ready }) => [
          ...[name, appId, pid, port, restarts],
          ready ? 'ready' : pid ? 'not ready' : 'restarting',
        ])
      : status.servers.map(({ name, appId, pid, port, address, restarts, up, sessions }) => [
          ...[name, appId, pid, appId === undefined ? address : port, restarts],
          up ? 'up' : appId !== undefined && pid === undefined ? 'restarting' : 'down',
          sessions,
        ])),
    ...(redis === undefined ? [] : [row(['redis', '', redis.pid, redis.port, redis.restarts, stateOf(redis.pid)])]),
  ];
}

/** The servers behind the edge. */
function servedFacts(status: AnyStatus): Row[] {
  if ('replicas' in status) {
    return [
      ['design', status.design],
      ['operations', status.operationsUrl],
    ];
  }
  const { command, directory, sticky, socketPaths, healthPath } = status.server;
  return [
    command === undefined ? ['servers', 'ran already'] : ['command', `${command} (in ${directory})`],
    ['sticky', sticky],
    ['paths', socketPaths.length === 0 ? 'all' : socketPaths.join(', ')],
    ['health', healthPath === '' ? 'the port takes a connection' : healthPath],
  ];
}

/** The text for a terminal: facts and a table of the processes. */
export function statusText(status: Status): string {
  if (!status.running) return 'nothing is running\n';
  const facts = [
    ['address', status.url],
    ...servedFacts(status),
    ['root certificate', status.rootCertificate],
    ['state directory', status.stateDir],
    ['started', status.startedAt],
    ['supervisor', `pid ${status.pid}`],
    ...status.certificates.map(({ role, notAfter }) => [role, `valid until ${notAfter}`]),
    ...(status.certificateFile?.problem === undefined ? [] : [['certificate file', status.certificateFile.problem]]),
  ];
  return `${table(facts)}\n${table(processRows(status))}`;
}

const status = command('status', 'show what runs on this machine')
  .description('Shows what runs: a table on a terminal, JSON elsewhere and with --json. Exits 1 when nothing runs.')
  .option('--json', 'print JSON, also on a terminal');

export default addStateDirOption(status).action(
  exits(async ({ json, ...options }) => {
    const { readStatus } = await import('../../infra/local/status.ts');
    const found = await readStatus(stateDirOf(options));
    const isForPeople = process.stdout.isTTY && !json;
    process.stdout.write(isForPeople ? statusText(found) : `${JSON.stringify(found, null, 2)}\n`);
    return found.running ? 0 : 1;
  }),
);
