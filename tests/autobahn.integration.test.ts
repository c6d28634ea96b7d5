// Autobahn's cases against the WebSocket of a replica, the same through the edge, and against the sockets of the SDK.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startEdge } from '../infra/edge/testing.ts';
import { startDoor, startEcho, testClient, testServer, type Verdict, withoutKosoku } from './autobahn.ts';
import { freePorts } from './kit/ports.ts';

/** All of Autobahn's cases. 216 of them are about compression, which Gridlock does not offer. */
const ALL = 517;
const COMPRESSION = 216;
/** Cases about large messages and speed. */
const LARGE = 54;

function assertPassed({ cases, behaviours, failed }: Verdict, expected: number): void {
  assert.deepEqual(failed, []);
  assert.equal(cases, expected);
  assert.equal(behaviours['UNIMPLEMENTED'], COMPRESSION, JSON.stringify(behaviours));
}

test("the replica's WebSocket fails none of Autobahn's cases", { skip: withoutKosoku }, async () => {
  const echo = await startEcho();
  try {
    assertPassed(await testServer(echo.port, 'replica'), ALL);
  } finally {
    echo.close();
  }
});

test('the same through the edge fails none of them', { skip: withoutKosoku }, async () => {
  const echo = await startEcho();
  const servers = ['ws1', 'ws2'].map((name) => ({ name, address: '127.0.0.1', port: echo.port, checkPort: echo.port }));
  const edge = await startEdge({ design: 'stateless' }, { servers });
  const door = await startDoor(edge.config.port, edge.ca);
  try {
    assertPassed(await testServer(door.port, 'edge'), ALL);
  } finally {
    door.close();
    await edge.close();
    echo.close();
  }
});

test('the sockets that the SDK opens in Node fail none of those that their bounds allow', {
  skip: withoutKosoku,
}, async () => {
  const [port] = (await freePorts(1)) as [number];
  assertPassed(await testClient(port, 'sdk'), ALL - LARGE);
});
