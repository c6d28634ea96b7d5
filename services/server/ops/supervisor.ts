import { connect } from 'node:net';

/** A rotation waits for a handshake with the new certificate. */
const ANSWER_MS = 30_000;
const MOST_ANSWER = 16_384;

/**
 * Has the supervisor of `npm start` replace the certificate of the edge, over its UNIX socket. Gives what it says of the new one.
 * Rejects with a sentence.
 */
export function rotateCertificate(socketPath: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(socketPath);
    let answer = '';
    const fail = (reason: string) => {
      socket.destroy();
      reject(new Error(reason));
    };
    socket.setTimeout(ANSWER_MS, () => fail('The supervisor did not answer in time; see its output.'));
    socket.on('connect', () => socket.write('rotate\n'));
    socket.on('data', (chunk) => {
      answer += chunk.toString();
      if (answer.length > MOST_ANSWER) fail('The supervisor answered with something else than an outcome.');
    });
    socket.on('error', ({ message }) => fail(`The supervisor cannot be asked: ${message}.`));
    socket.on('end', () => {
      const { rotated, error } = read(answer);
      if (rotated !== undefined) resolve(rotated);
      else fail(error ?? 'The supervisor left without an answer.');
    });
  });
}

function read(answer: string): { rotated?: string; error?: string } {
  try {
    return JSON.parse(answer) as { rotated?: string; error?: string };
  } catch {
    return {};
  }
}
