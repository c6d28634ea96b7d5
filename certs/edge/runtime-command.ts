import { connect } from 'node:net';

/**
 * Sends one command to HAProxy's Runtime API and resolves with its answer.
 * @throws when the socket cannot be reached or does not answer in time
 */
export function runtimeCommand(socketPath: string, command: string, timeoutMs = 5000): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(socketPath);
    let answer = '';
    socket.setTimeout(timeoutMs, () => socket.destroy(new Error(`no answer to "${command.split('\n')[0]}"`)));
    socket.on('connect', () => socket.write(`${command}\n`));
    socket.on('data', (chunk) => (answer += chunk.toString()));
    socket.on('end', () => resolve(answer.trim()));
    socket.on('error', reject);
  });
}
