import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Redis } from 'ioredis';
import { until } from '../../tests/kit/wait.ts';
import { ok, startedGame } from './testing/play.ts';
import { startRedis, type TestRedis } from './testing/redis.ts';
import { DESIGNS, type Design, SECRET } from './testing/replica.ts';

const MAIN = fileURLToPath(new URL('./main.ts', import.meta.url));

/** Has a process tell how late its event loop was while it was asked to watch, in milliseconds. */
const WATCH_DELAY = `data:text/javascript,${encodeURIComponent(`
  import { monitorEventLoopDelay } from 'node:perf_hooks';
  const delay = monitorEventLoopDelay({ resolution: 1 });
  process.on('message', (what) => {
    if (what === 'begin') {
      delay.reset();
      delay.enable();
      process.send('begun');
    } else {
      delay.disable();
      process.send(delay.percentile(99) / 1e6);
    }
  });
  process.channel.unref();`)}`;

let redis: TestRedis;
let directory: string;
const children = new Set<ChildProcess>();

before(async () => {
  redis = await startRedis();
  directory = await mkdtemp(join(tmpdir(), 'gridlock-latency-'));
  await writeFile(join(directory, 'secret'), SECRET, { mode: 0o600 });
});
after(async () => {
  for (const child of children) child.kill('SIGKILL');
  await redis?.stop();
  await rm(directory, { recursive: true, force: true });
});

function watched(args: readonly string[], env: NodeJS.ProcessEnv): ChildProcess {
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', '--import', WATCH_DELAY, ...args], {
    env: { PATH: process.env['PATH'], ...env },
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  });
  children.add(child);
  return child;
}

/** A replica as a separate process, at a free port. */
async function launch(design: Design): Promise<{ child: ChildProcess; url: string }> {
  const child = watched([MAIN], {
    REDIS_URL: redis.url,
    TOKEN_SECRET_FILE: join(directory, 'secret'),
    ALLOWED_ORIGINS: 'https://game.test',
    APPID: design === 'stateless' ? '8201' : '8202',
    PORT: '0',
    INTERNAL_PORT: '0',
    DESIGN: design,
  });
  let output = '';
  child.stdout!.on('data', (part) => (output += part));
  const listening = () => /"url":"([^"]+)","internalUrl":"([^"]+)"/.exec(output);
  await until(() => listening() !== null, 'the replica listens', 30_000);
  const [, url = '', internalUrl = ''] = listening()!;
  const isReady = () =>
    fetch(`${internalUrl}/readyz`).then(
      ({ status }) => status === 200,
      () => false,
    );
  await until(isReady, 'the replica is ready', 30_000);
  return { child, url };
}

/** How late the loops of processes were during a task: the 99th percentile of each, in milliseconds. */
async function delaysDuring(processes: readonly ChildProcess[], task: () => Promise<void>): Promise<number[]> {
  const answers = (what: string) =>
    Promise.all(
      processes.map(async (child) => {
        const answer = once(child, 'message');
        child.send(what);
        return (await answer)[0] as number;
      }),
    );
  await answers('begin');
  await task();
  return answers('end');
}

/** Moves in games of two, each player at a steady pace, whether or not the one before was answered. */
async function play(games: readonly Awaited<ReturnType<typeof startedGame>>[], cells: readonly number[], ms: number) {
  const answers: Promise<unknown>[] = [];
  const move = (cell: number) => {
    games.forEach(({ ada, bob, game }, index) => {
      const player = (cell + index) % 2 === 0 ? ada : bob;
      answers.push(player.request({ type: 'capture', game, cell }).then(ok));
    });
  };
  await new Promise<void>((resolve) => {
    let next = 0;
    const timer = setInterval(() => {
      if (next === cells.length) {
        clearInterval(timer);
        return resolve();
      }
      move(cells[next]!);
      next += 1;
    }, ms);
  });
  await Promise.all(answers);
}

const GAMES = 10;
const ROUNDS = 3;
const MOVES = 60;
const SINGLE_MOVE_ROUNDS = 8;
const SINGLE_MOVES = 30;

for (const design of DESIGNS) {
  test(`${design}: nothing on the path of a move blocks the event loop`, async () => {
    const { child, url } = await launch(design);
    const idle = watched(['-e', 'setInterval(() => {}, 1000)'], {});
    const games = await Promise.all(Array.from({ length: GAMES }, () => startedGame([url, url], 16)));
    const cells = Array.from({ length: 256 }, (_, cell) => cell);
    // Until it has compiled what it runs.
    await play(games, cells.splice(0, MOVES), 40);
    const seen: number[][] = [];
    // 250 moves a second, that is 750 messages out. One round that a busy machine leaves alone is enough.
    for (let round = 0; round < ROUNDS; round += 1) {
      const [busy, rest] = (await delaysDuring([child, idle], () => play(games, cells.splice(0, MOVES), 40))) as [
        number,
        number,
      ];
      seen.push([busy, rest]);
      if (busy <= 3 * rest + 2) return;
    }
    assert.fail(`the 99th percentile of its delay, and that of an idle process, in ms: ${JSON.stringify(seen)}`);
  });

  test(`${design}: a single move on an idle replica waits for its append and for nothing else`, async (context) => {
    const { url } = await launch(design);
    const { ada, game } = await startedGame([url, url], 16);
    const client = new Redis(redis.url);
    context.after(() => client.disconnect());
    const timed = async (times: number[], task: () => Promise<unknown>) => {
      const begun = performance.now();
      await task();
      times.push(performance.now() - begun);
    };
    const median = (times: number[]) => times.sort((left, right) => left - right)[times.length >> 1]!;
    const seen: number[][] = [];
    // One round that a busy machine leaves alone is enough.
    for (let round = 0; round < SINGLE_MOVE_ROUNDS; round += 1) {
      const moves: number[] = [];
      const appends: number[] = [];
      for (let cell = round * SINGLE_MOVES; cell < (round + 1) * SINGLE_MOVES; cell += 1) {
        await timed(moves, async () => ok(await ada.request({ type: 'capture', game, cell })));
        await timed(appends, () => client.xadd('latency', '*', 'message', 'x'.repeat(200)));
      }
      const [move, append] = [median(moves), median(appends)];
      seen.push([move, append]);
      if (move <= 3 * append + 4) return;
    }
    assert.fail(`the medians of a move and of a bare append, in ms: ${JSON.stringify(seen)}`);
  });
}
