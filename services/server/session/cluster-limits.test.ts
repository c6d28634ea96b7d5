import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { LOBBY } from '../../apps/grid/grid.ts';
import { LIMITS, type ServerMessage } from '../../protocol/index.ts';
import { DEFAULT_LIMITS, type ReplicaLimits } from '../limits.ts';
import type { Replica } from '../replica.ts';
import { guest, TestClient } from '../testing/client.ts';
import { startRedis, type TestRedis } from '../testing/redis.ts';
import { DESIGNS, startTestReplica } from '../testing/replica.ts';

let redis: TestRedis;
const running: Replica[] = [];

before(async () => {
  redis = await startRedis();
});
after(async () => {
  await Promise.all(running.map((replica) => replica.drain()));
  await redis?.stop();
});

let names = 4000;
/** Four replicas of one cluster with the same limits. */
async function cluster(limits: Partial<ReplicaLimits> = {}, design = DESIGNS[0]!): Promise<Replica[]> {
  const replicas = await Promise.all(
    [1, 2, 3, 4].map(() =>
      startTestReplica(redis.url, String((names += 1)), { design, limits: { ...DEFAULT_LIMITS, ...limits } }),
    ),
  );
  running.push(...replicas);
  return replicas;
}
const perPlayer = (given: Partial<ReplicaLimits['perPlayer']>) => ({
  perPlayer: { ...DEFAULT_LIMITS.perPlayer, ...given },
});
const codeOf = (answer: ServerMessage) => (answer.type === 'error' ? answer.code : answer.type);

/** Opens a socket on one replica after the other and counts the requests that each grants. */
async function grantedWhileHopping(
  replicas: readonly Replica[],
  request: (client: TestClient) => Promise<ServerMessage>,
): Promise<{ granted: number; refused: string[] }> {
  const { token } = await guest(replicas[0]!.url);
  let granted = 0;
  const refused: string[] = [];
  for (const { url } of replicas) {
    const client = await TestClient.connect(url, token);
    await client.request({ type: 'subscribe', channel: LOBBY });
    for (let count = 0; count < 6; count += 1) {
      const code = codeOf(await request(client));
      if (code === 'ack') granted += 1;
      else refused.push(code);
    }
    client.close();
  }
  return { granted, refused };
}

test('chat lines of a player are counted in the cluster, whichever replicas the player goes to', async () => {
  const replicas = await cluster(perPlayer({ publishPerTenSeconds: 5 }));
  const started = performance.now();
  const { granted, refused } = await grantedWhileHopping(replicas, (client) =>
    client.request({ type: 'publish', channel: LOBBY, data: { text: 'hello' } }),
  );
  const regained = Math.ceil(((performance.now() - started) / 10_000) * 5);
  assert.ok(granted >= 5 && granted <= 5 + regained, `${granted} lines were taken, ${regained} may have been regained`);
  assert.deepEqual(new Set(refused), new Set(['rate_limited']));
});

test('games that a player makes are counted in the cluster', async () => {
  const replicas = await cluster(perPlayer({ gamesPerMinute: 4 }));
  const started = performance.now();
  const { granted } = await grantedWhileHopping(replicas, (client) => client.request({ type: 'create', players: 2 }));
  const regained = Math.ceil(((performance.now() - started) / 60_000) * 4);
  assert.ok(granted >= 4 && granted <= 4 + regained, `${granted} games were made, ${regained} may have been regained`);
});

test('sockets that a player opens are counted in the cluster, and the next is refused with the time to wait', async () => {
  const replicas = await cluster(perPlayer({ socketsPerMinute: 5 }));
  const { token } = await guest(replicas[0]!.url);
  const started = performance.now();
  const outcomes: number[] = [];
  for (let round = 0; round < 12; round += 1) {
    const client = new TestClient(replicas[round % replicas.length]!.url, token);
    outcomes.push(
      await new Promise<number>((resolve) => {
        client.socket.once('open', () => resolve(101));
        client.socket.once('unexpected-response', (_, response) => {
          assert.ok(Number(response.headers['retry-after']) >= 1);
          resolve(response.statusCode!);
        });
      }),
    );
    client.close();
  }
  const regained = Math.ceil(((performance.now() - started) / 60_000) * 5);
  const opened = outcomes.filter((status) => status === 101).length;
  assert.ok(opened >= 5 && opened <= 5 + regained, `${opened} sockets were opened`);
  assert.ok(outcomes.every((status) => status === 101 || status === 429));
});

const CODES = 'ABCDEFGHJK';
const strangeCode = (index: number) => `ZZ${String(1000 + index).replaceAll(/\d/g, (digit) => CODES[Number(digit)]!)}`;

for (const design of DESIGNS) {
  test(`${design}: an unknown code and a game of other players get the same answer`, async () => {
    const [one, two] = (await cluster({}, design)) as [Replica, Replica];
    const owner = await TestClient.connect(one.url);
    const created = await owner.request({ type: 'create', players: 2 });
    assert.equal(created.type, 'ack');
    const foreign = (created as { game?: string }).game!;
    const stranger = await TestClient.connect(two.url);
    for (const request of [
      { type: 'capture', cell: 0 },
      { type: 'leave' },
      { type: 'resume', epoch: 'unknown', seq: 0 },
      { type: 'watch' },
    ] as const) {
      const [nowhere, others] = await Promise.all(
        [strangeCode(1), foreign].map((game) => stranger.request({ ...request, game, id: undefined } as never)),
      );
      const { id: _, ...seen } = others as { id?: string };
      const { id: __, ...expected } = nowhere as { id?: string };
      assert.deepEqual(seen, expected, request.type);
      assert.equal(codeOf(others!), 'game_not_found');
    }
    const [nowhere, others] = await Promise.all(
      [strangeCode(1), foreign].map((channel) => stranger.request({ type: 'subscribe', channel })),
    );
    assert.deepEqual([codeOf(nowhere!), codeOf(others!)], ['game_not_found', 'game_not_found']);
    owner.close();
    stranger.close();
  });
}

test('an address that guesses codes is limited across all replicas, and other addresses are not', async () => {
  const missesPerMinute = 20;
  const replicas = await cluster({ perAddress: { ...DEFAULT_LIMITS.perAddress, missesPerMinute } });
  const headersOf = (token: string, address: string) => ({
    headers: { authorization: `Bearer ${token}`, 'x-forwarded-for': address },
  });
  const started = performance.now();
  const answers: string[] = [];
  let guess = 0;
  await Promise.all(
    [...replicas, ...replicas].map(async ({ url }) => {
      const { token } = await guest(url);
      const client = await TestClient.connect(url, token, headersOf(token, '203.0.113.9'));
      for (let count = 0; count < LIMITS.badMessagesPerMinute; count += 1) {
        guess += 1;
        answers.push(codeOf(await client.request({ type: 'capture', game: strangeCode(guess), cell: 0 })));
      }
      client.close();
    }),
  );
  const regained = Math.ceil(((performance.now() - started) / 60_000) * missesPerMinute);
  const told = answers.filter((code) => code === 'game_not_found').length;
  // Until a replica hears of the misses on others, it grants the first half of what an address may miss.
  const most = missesPerMinute + (replicas.length * missesPerMinute) / 2 + regained;
  assert.ok(told <= most, `${told} of ${answers.length} guesses were answered, ${most} may be`);
  assert.ok(answers.includes('rate_limited'));

  const { url } = replicas[0]!;
  const { token } = await guest(url);
  const other = await TestClient.connect(url, token, headersOf(token, '203.0.113.10'));
  const answer = await other.request({ type: 'capture', game: strangeCode(0), cell: 0 });
  assert.equal(codeOf(answer), 'game_not_found');
  other.close();
});
