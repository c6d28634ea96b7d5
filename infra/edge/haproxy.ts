import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { runtimeCommand } from '../../certs/edge/runtime-command.ts';

export { runtimeCommand };

const OLDEST = [2, 6] as const;

export interface HaproxyBuild {
  version: string;
  /** Whether the version is new enough for the rendered configuration. */
  supported: boolean;
  prometheus: boolean;
}

/** Asks a HAProxy binary for its version and features. Rejects when it cannot be run. */
export async function inspectHaproxy(binary: string): Promise<HaproxyBuild> {
  const { stdout } = await promisify(execFile)(binary, ['-vv']);
  const match = /HAProxy version (\d+)\.(\d+)\S*/i.exec(stdout);
  const [major, minor] = [Number(match?.[1] ?? 0), Number(match?.[2] ?? 0)];
  return {
    version: match?.[0].split(' ')[2] ?? 'unknown',
    supported: major > OLDEST[0] || (major === OLDEST[0] && minor >= OLDEST[1]),
    prometheus: stdout.includes('prometheus-exporter'),
  };
}

/** Names of the servers of a backend that HAProxy sends requests to. */
export async function serversUp(socketPath: string, backend = 'replicas'): Promise<string[]> {
  const answer = await runtimeCommand(socketPath, `show servers state ${backend}`);
  // Columns: be_id be_name srv_id srv_name srv_addr srv_op_state (2: running) ...
  const rows = answer.split('\n').map((line) => line.split(' '));
  return rows.filter((columns) => columns[5] === '2').map((columns) => columns[3]!);
}

/** A server as the edge sees it. */
export interface ServerState {
  /** Whether its health checks succeed and it is in rotation. */
  readonly up: boolean;
  /** Open sockets and requests through the edge. */
  readonly sessions: number;
}

/** The states of the servers of a backend in the edge, by name. @throws when HAProxy does not answer */
export async function serverStates(socketPath: string, backend = 'replicas'): Promise<Map<string, ServerState>> {
  // Of type server (4); columns by their names in the first line.
  const [head = '', ...lines] = (await runtimeCommand(socketPath, `show stat ${backend} 4 -1`)).trim().split('\n');
  const names = head.replace(/^# /, '').split(',');
  const rows = lines.map((line) => line.split(','));
  const column = (row: string[], name: string): string => row[names.indexOf(name)] ?? '';
  return new Map(
    rows.map((row) => [
      column(row, 'svname'),
      { up: column(row, 'status').startsWith('UP'), sessions: Number(column(row, 'scur')) },
    ]),
  );
}

/** Sends a server no new clients, not even those with its cookie; open sockets stay. */
export const takeOutOfRotation = (socketPath: string, server: string, backend = 'replicas'): Promise<string> =>
  runtimeCommand(socketPath, `set server ${backend}/${server} state maint`);

/** Sends a server clients again as soon as its checks succeed. */
export const returnToRotation = (socketPath: string, server: string, backend = 'replicas'): Promise<string> =>
  runtimeCommand(socketPath, `set server ${backend}/${server} state ready`);
