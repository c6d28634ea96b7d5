import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { until } from '../../tests/kit/wait.ts';
import { guest, TestClient } from './testing/client.ts';
import { assertGapless, retryUntilSettled, sequence, startedGame } from './testing/play.ts';
import { startRedis, type TestRedis } from './testing/redis.ts';
import { DESIGNS, type Design, SECRET } from './testing/replica.ts';

const MAIN = fileURLToPath(new URL('./main.ts', import.meta.url));

let redis: TestRedis;
let directory: string;
let environment: Record<string, string>;
const children = new Set<ChildProcess>();

before(async () => {
  redis = await startRedis();
  directory = await mkdtemp(join(tmpdir(), 'gridlock-replica-'));
  const secret = join(directory, 'secret');
  await writeFile(secret, SECRET, { mode: 0o600 });
  environment = {
    PATH: process.env['PATH'] ?? '',
    REDIS_URL: redis.url,
    TOKEN_SECRET_FILE: secret,
    ALLOWED_ORIGINS: 'https://game.test',
    DRAIN_MS: '300',
  };
});
after(async () => {
  for (const child of children) child.kill('SIGKILL');
  await redis?.stop();
  await rm(directory, { recursive: true, force: true });
});

function launch(given: Record<string, string>) {
  const child = spawn(process.execPath, [MAIN], {
    env: { ...environment, ...given },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  children.add(child);
  const output = { stdout: '', stderr: '' };
  child.stdout.on('data', (part) => (output.stdout += part));
  child.stderr.on('data', (part) => (output.stderr += part));
  // All of its output is there as well by then.
  const exited = once(child, 'close').then(([code, signal]) => ({ code, signal }) as { code: number; signal: string });
  return { child, output, exited };
}

async function launchReady(appId: string, design: Design = 'stateless', given: Record<string, string> = {}) {
  const launched = launch({ APPID: appId, PORT: '0', INTERNAL_PORT: '0', DESIGN: design, ...given });
  const listening = () => /^.*"url":"([^"]+)","internalUrl":"([^"]+)".*$/m.exec(launched.output.stdout);
  await until(() => listening() !== null, `replica ${appId} listens`, 30_000);
  const [, url = '', internalUrl = ''] = listening()!;
  const isReady = () =>
    fetch(`${internalUrl}/readyz`).then(
      ({ status }) => status === 200,
      () => false,
    );
  await until(isReady, `replica ${appId} is ready`, 30_000);
  return { ...launched, url, internalUrl };
}

/** A module that sets the clock of a process 13 hours ahead. */
const FAST_CLOCK = `data:text/javascript,${encodeURIComponent(`
  const Right = Date, ahead = 13 * 3600e3;
  globalThis.Date = class extends Right {
    constructor(...args) { super(...(args.length === 0 ? [Right.now() + ahead] : args)); }
    static now() { return Right.now() + ahead; }
  };`)}`;

test('sessions follow the clock of Redis: a replica whose clock is 13 hours ahead ends none', async () => {
  const right = await launchReady('8101');
  const ahead = await launchReady('8102', 'stateless', { NODE_OPTIONS: `--import=${FAST_CLOCK}` });
  for (const [issuer, other] of [
    [right, ahead],
    [ahead, right],
  ] as const) {
    const { token, expiresAt } = await guest(issuer.url);
    assert.ok(Math.abs(expiresAt - Date.now() - 12 * 3600e3) < 60_000, 'the end of the session is 12 hours from now');
    const client = await TestClient.connect(other.url, token);
    const { type } = await client.request({ type: 'create', players: 2 });
    assert.equal(type, 'ack');
    client.close();
  }
  for (const { child, exited } of [right, ahead]) {
    child.kill('SIGTERM');
    await exited;
  }
});

const WRONG: [what: string, given: Record<string, string>, sentence: RegExp][] = [
  ['a secret file that is not there', { TOKEN_SECRET_FILE: '/nonexistent' }, /\/nonexistent, cannot be read/],
  ['a port that is none', { PORT: '99999' }, /PORT is not a port number/],
  ['an origin with a path', { ALLOWED_ORIGINS: 'https://game.test/page' }, /ALLOWED_ORIGINS has an entry that/],
  ['no origins', { ALLOWED_ORIGINS: '' }, /ALLOWED_ORIGINS is missing/],
  ['an unknown design', { DESIGN: 'quantum' }, /DESIGN is neither/],
  ['two places for Redis', { REDIS_CLUSTER: 'a:1' }, /^REDIS_URL and REDIS_CLUSTER are both set/],
];
for (const [what, given, sentence] of WRONG) {
  test(`${what} ends the start with one sentence and exit code 2`, async () => {
    const { output, exited } = launch(given);
    assert.equal((await exited).code, 2);
    assert.match(output.stderr, sentence);
    assert.equal(output.stderr.trim().split('\n').length, 1);
    assert.equal(output.stdout, '');
  });
}

test('a port in use ends the start with one sentence and exit code 2', async () => {
  const replica = await launchReady('1111');
  const port = new URL(replica.url).port;
  const { output, exited } = launch({ PORT: port, INTERNAL_PORT: '0' });
  assert.equal((await exited).code, 2);
  assert.match(output.stderr, new RegExp(`^The replica cannot listen on 127.0.0.1:${port} \\(EADDRINUSE\\)`));
  replica.child.kill('SIGKILL');
  await replica.exited;
});

test('SIGTERM drains and leaves with 0, a second one leaves at once with 1', async () => {
  const replica = await launchReady('1111');
  const client = await TestClient.connect(replica.url);
  replica.child.kill('SIGTERM');
  assert.equal(await client.closed(), 1012);
  assert.equal((await replica.exited).code, 0);

  // The second signal must come before the first one is done with.
  const other = await launchReady('1111', 'stateless', { DRAIN_MS: '30000' });
  const kept = await Promise.all(Array.from({ length: 20 }, () => TestClient.connect(other.url)));
  other.child.kill('SIGTERM');
  await kept[0]!.next('going_away');
  other.child.kill('SIGTERM');
  assert.equal((await other.exited).code, 1);
});

test('every line of the log is a JSON object that names the replica, and none holds a token', async () => {
  const replica = await launchReady('7777');
  const client = await TestClient.connect(replica.url);
  client.close();
  await until(() => replica.output.stdout.includes('connection closed'), 'the close is logged');
  replica.child.kill('SIGTERM');
  await replica.exited;
  const lines = replica.output.stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { replica: string });
  assert.ok(lines.every((line) => line.replica === '7777'));
  assert.doesNotMatch(replica.output.stdout, /eyJ/);
});

for (const design of DESIGNS) {
  test(`${design}: a game ends in time even if the replica that started it was killed`, async () => {
    const [one, two] = await Promise.all([launchReady('1111', design), launchReady('2222', design)]);
    const [ada, bob] = await Promise.all([TestClient.connect(one.url), TestClient.connect(two.url)]);
    const created = await bob.request({ type: 'create', players: 2, size: 3, seconds: 5 });
    const game = created.type === 'ack' ? created.game! : '';
    // The last player starts the game, on the replica that dies.
    await ada.request({ type: 'join', game });
    const captured = await ada.request({ type: 'capture', game, cell: 4 });
    assert.equal(captured.type, 'ack');
    one.child.kill('SIGKILL');
    const end = await bob.next('event', ({ event }) => event.kind === 'finished');
    assert.equal(end.event.kind === 'finished' && end.event.reason, 'time');
    const seqs = bob.events(game).map(({ seq }) => seq);
    assert.deepEqual(
      seqs,
      seqs.map((_, index) => seqs[0]! + index),
    );
    bob.close();
    two.child.kill('SIGTERM');
    assert.equal((await two.exited).code, 0);
  });

  test(`${design}: a replica that is stopped for a while delays nobody for long, and does no harm when it goes on`, async () => {
    const [one, two] = await Promise.all([launchReady('1111', design), launchReady('2222', design)]);
    const { ada, bob, game } = await startedGame([one.url, two.url], 6);
    const acknowledged = new Map<number, number>();
    const play = (client: TestClient, cells: number[]) =>
      retryUntilSettled(client, game, cells, ({ seq }, cell) => acknowledged.set(cell, seq!));
    await play(ada, sequence(0, 5));
    one.child.kill('SIGSTOP');
    // Sent to the paused replica, which carries it out late or not at all.
    const late = ada.request({ type: 'capture', game, cell: 7, id: 'late' });
    await play(bob, sequence(6, 17));
    one.child.kill('SIGCONT');
    const answer = await late;
    assert.ok(answer.type === 'error' && ['cell_taken', 'unavailable'].includes(answer.code), JSON.stringify(answer));
    await play(ada, sequence(18, 26));
    await play(bob, sequence(27, 35));
    for (const client of [ada, bob]) {
      await client.next('event', ({ event }) => event.kind === 'finished');
      assertGapless(client, game);
    }
    assert.equal(acknowledged.size, 36);
    for (const [cell, seq] of acknowledged) {
      const { event } = bob.events(game).find((item) => item.seq === seq)!;
      assert.equal(event.kind === 'captured' && event.cell, cell);
    }
    ada.close();
    bob.close();
    for (const { child, exited } of [one, two]) {
      child.kill('SIGTERM');
      assert.equal((await exited).code, 0);
    }
  });
}

test('metrics name no player and no game', async () => {
  const replica = await launchReady('1111');
  const client = await TestClient.connect(replica.url);
  const created = await client.request({ type: 'create', players: 2 });
  const { player } = await client.next('welcome');
  const text = await (await fetch(`${replica.internalUrl}/metrics`)).text();
  assert.match(text, /gridlock_sockets\{replica="1111"\} 1/);
  assert.match(text, /nodejs_eventloop_lag_p99_seconds/);
  assert.ok(!text.includes(player.id) && !text.includes(created.type === 'ack' ? created.game! : '?'));
  client.close();
  replica.child.kill('SIGTERM');
  await replica.exited;
});

/** A module that prints which parts of OpenTelemetry a process loads. */
const LOADS = `data:text/javascript,${encodeURIComponent(`
  import { registerHooks } from 'node:module';
  registerHooks({
    resolve(name, context, next) {
      if (name.startsWith('@opentelemetry/')) process.stdout.write('loads ' + name + '\\n');
      return next(name, context);
    },
  });`)}`;

test("OpenTelemetry's SDK is loaded only if traces are on", async () => {
  const options = { NODE_OPTIONS: `--import=${LOADS}` };
  const off = await launchReady('8111', 'stateless', options);
  const on = await launchReady('8112', 'stateless', {
    ...options,
    OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9',
  });
  for (const { child } of [off, on]) child.kill('SIGTERM');
  await Promise.all([off.exited, on.exited]);
  assert.match(on.output.stdout, /^loads @opentelemetry\/sdk-trace$/m);
  // The API, which has only types and stand-ins, comes with the library for metrics.
  assert.doesNotMatch(off.output.stdout, /^loads @opentelemetry\/(?!api$)/m);
});

test('an invalid address of a collector is refused at the start', async () => {
  const { exited, output } = launch({ OTEL_EXPORTER_OTLP_ENDPOINT: 'collector:4318' });
  assert.equal((await exited).code, 2);
  assert.match(output.stderr, /^The environment variable OTEL_EXPORTER_OTLP_ENDPOINT is not a URL such as http/);
});
