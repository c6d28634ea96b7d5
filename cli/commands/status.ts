import type { Status } from '../../infra/local/system-status.ts';
import { command, exits } from '../kit/command.ts';
import { addStateDirOption, stateDirOf } from '../kit/config-options.ts';
import { table } from '../kit/terminal.ts';

/** What people read: facts and a table of the processes. */
export function statusText(status: Status): string {
  if (!status.running) return 'nothing is running\n';
  const { edge, redis, replicas } = status;
  const processes = [
    ['PROCESS', 'APPID', 'PID', 'PORT', 'RESTARTS', 'STATE'],
    ['edge', '', edge.pid, `${edge.port}, ${edge.httpPort}`, edge.restarts, edge.pid ? 'running' : 'restarting'],
    ...replicas.map(({ name, appId, pid, port, restarts, ready }) => [
      name,
      appId,
      pid,
      port,
      restarts,
      ready ? 'ready' : pid ? 'not ready' : 'restarting',
    ]),
    ['redis', '', redis.pid, redis.port, redis.restarts, redis.pid ? 'running' : 'restarting'],
  ];
  const facts = [
    ['address', status.url],
    ['design', status.design],
    ['operations', status.operationsUrl],
    ['root certificate', status.rootCertificate],
    ['state directory', status.stateDir],
    ['started', status.startedAt],
    ['supervisor', `pid ${status.pid}`],
    ...status.certificates.map(({ role, notAfter }) => [role, `valid until ${notAfter}`]),
    ...(status.certificateFile?.problem === undefined ? [] : [['certificate file', status.certificateFile.problem]]),
  ];
  return `${table(facts)}\n${table(processes)}`;
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
