import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { type Cluster, startCluster } from '../loadtest/kit/cluster.ts';
import { capture, type Grid, grid } from '../services/apps/grid/grid.ts';
import { createClient, type GridlockClient } from '../services/client/node.ts';
import type { Transport } from '../services/protocol/index.ts';
import { AUDIENCE, IdentityProvider, ISSUER, seconds } from '../services/server/testing/identity-provider.ts';
import { until } from './kit/wait.ts';

let provider: IdentityProvider;
let cluster: Cluster;
const clients: GridlockClient<Grid>[] = [];

before(async () => {
  provider = await IdentityProvider.start('RS256');
  const jwtJwksUrl = provider.url.href;
  cluster = await startCluster({ replicas: 2, guests: false, jwtIssuer: ISSUER, jwtAudience: AUDIENCE, jwtJwksUrl });
});
after(async () => {
  for (const client of clients) client.close();
  await cluster?.stop();
  await provider?.stop();
});

function player(
  sub: string,
  token: () => Promise<string> | string,
  transports?: readonly Transport[],
): GridlockClient<Grid> {
  const { url, rootPem: ca } = cluster;
  const client = createClient({ room: grid, url, ca, token, name: sub, ...(transports ? { transports } : {}) });
  clients.push(client);
  return client;
}

for (const transport of ['websocket', 'sse', 'poll'] as const) {
  test(`a signed-in player plays over ${transport}, is cut, and resumes as the same player`, async () => {
    const [one, two] = [`ada-${transport}`, `ben-${transport}`];
    const ada = player(one, () => provider.token({ sub: one, name: 'Ada' }), [transport]);
    const ben = player(two, () => provider.token({ sub: two }));
    await Promise.all([ada.connect(), ben.connect()]);
    assert.deepEqual(ada.player, { id: one, name: 'Ada' });
    const { code: game } = await ada.create({ players: 2, size: 4, seconds: 300 });
    await ben.join(game);
    await until(() => ada.room(game)?.state.status === 'active', 'the game has begun');
    await ada.send(game, capture(0));
    await cluster.killReplica(Number(ada.health.replica![0]));
    await ben.send(game, capture(1));
    await ada.send(game, capture(2));
    await until(() => ada.room(game)!.state.cells.filter((seat) => seat >= 0).length === 3, 'all of it was seen');
    assert.deepEqual(ada.player, { id: one, name: 'Ada' });
    await cluster.settled();
  });
}

test('a connection goes on beyond the end of its first JWT, by newer ones', async () => {
  let asked = 0;
  const ends: number[] = [];
  const client = player('cleo', () => {
    asked += 1;
    ends.push(seconds(8));
    return provider.token({ sub: 'cleo', exp: ends.at(-1)! });
  });
  const { connection } = await client.connect();
  await until(() => Date.now() > (ends[0]! + 2) * 1000, 'the first JWT has ended', 30_000);
  assert.ok(asked > 1);
  assert.deepEqual([client.health.connection, client.health.reconnects], [connection, 0]);
});

test('a player without a valid JWT is refused with the reason', async () => {
  const { url, rootPem: ca } = cluster;
  const guest = createClient({ room: grid, url, ca });
  await assert.rejects(guest.connect(), /Guests may not play here; sign in first\./);
  const stranger = player('eve', () => provider.token({ sub: 'eve', aud: 'others' }));
  await assert.rejects(stranger.connect(), /not meant for the audience/);
});
