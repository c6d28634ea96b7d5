import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, before, test } from 'node:test';
import { connect } from 'node:tls';
import { type Edge, startEdge } from '../infra/edge/testing.ts';

let edge: Edge;

before(async () => {
  edge = await startEdge();
});
after(() => edge?.close());

const upgrade = (version: string, path = '/ws') =>
  [
    `GET ${path} HTTP/1.1`,
    'Host: localhost',
    'Connection: Upgrade',
    'Upgrade: websocket',
    `Sec-WebSocket-Version: ${version}`,
    'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
    '',
    '',
  ].join('\r\n');
const HIDDEN = 'GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n';

/** Everything that the edge answers to a text on one connection. */
async function answersTo(text: string): Promise<string> {
  const socket = connect({
    port: edge.config.port,
    ca: edge.ca,
    host: '127.0.0.1',
    servername: 'localhost',
    ALPNProtocols: ['http/1.1'],
  });
  let answer = '';
  socket.setEncoding('utf8').on('data', (chunk: string) => (answer += chunk));
  socket.on('error', () => undefined);
  socket.write(text);
  await once(socket, 'close');
  return answer;
}

test('an upgrade that the replica refuses opens no tunnel past the edge', async () => {
  for (const version of ['777', '']) {
    const answer = await answersTo(upgrade(version) + HIDDEN);
    const statuses = [...answer.matchAll(/^HTTP\/1\.1 (\d{3})/gm)].map(([, status]) => status);
    assert.match(statuses[0]!, /^4/, 'the upgrade is refused');
    // Either nothing more is accepted on this connection, or the edge treats it like any other request.
    assert.deepEqual(
      statuses.slice(1).filter((status) => status !== '404'),
      [],
    );
    assert.doesNotMatch(answer, /"name":"ws/, 'no replica has answered what the edge keeps inside');
  }
});

test('an upgrade elsewhere than /ws is refused by the edge, and so is what follows it', async () => {
  const answer = await answersTo(upgrade('13', '/api/session') + HIDDEN);
  assert.match(answer, /^HTTP\/1\.1 404/);
  assert.doesNotMatch(answer, /"name":"ws/);
});

test('a good upgrade does open a tunnel: the test would see one', async () => {
  const socket = connect({
    port: edge.config.port,
    ca: edge.ca,
    host: '127.0.0.1',
    servername: 'localhost',
    ALPNProtocols: ['http/1.1'],
  });
  socket.write(upgrade('13'));
  const [first] = (await once(socket.setEncoding('latin1'), 'data')) as [string];
  assert.match(first, /^HTTP\/1\.1 101/);
  socket.destroy();
});
