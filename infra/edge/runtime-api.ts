import { runtimeCommand } from '../../certs/edge/runtime-command.ts';

export { runtimeCommand };

/** Names of the servers of a backend that HAProxy sends requests to. */
export async function serversUp(socketPath: string, backend = 'replicas'): Promise<string[]> {
  const answer = await runtimeCommand(socketPath, `show servers state ${backend}`);
  // Columns: be_id be_name srv_id srv_name srv_addr srv_op_state (2: running) ...
  const rows = answer.split('\n').map((line) => line.split(' '));
  return rows.filter((columns) => columns[5] === '2').map((columns) => columns[3]!);
}
