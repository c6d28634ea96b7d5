import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { ensureCertificates } from '../../infra/local/certificates.ts';
import { findBinary } from '../../infra/setup/binaries.mjs';
import type { Episode } from './episode.ts';
import type { Flow } from './flow.ts';
import { Generator } from './generator/generator.ts';
import type { Load, Measured } from './generator/workload.ts';
import { planBench } from './options.ts';
import { pictures } from './pictures.ts';
import { describeRun } from './result.ts';
import { toMarkdown } from './result-tables.ts';
import { run } from './run.ts';
import { SIZES } from './sizes.ts';
import { type SystemOptions, SystemUnderTest } from './system-under-test.ts';
import { naiveServer } from './systems/peers.ts';

const { players, groupSize, replicas } = SIZES.tiny;

/** Every number in the result, with its path. */
function numbersOf(value: unknown, at = ''): [path: string, number: number][] {
  if (typeof value === 'number') return [[at, value]];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => numbersOf(inner, `${at}.${key}`));
}

describe('the bench at its tiny size', () => {
  const only = 'gridlock-stateless-always,naive';
  const flags = planBench({ size: 'tiny', only });
  let episodes: Episode[];

  before(async () => {
    episodes = await run({ ...flags, report: () => undefined });
  });

  test('every figure has a sample, for Gridlock and for the naive server', () => {
    assert.deepEqual(episodes.map(({ system }) => system).sort(), only.split(','));
    for (const { problems, system, ...episode } of episodes) {
      assert.deepEqual(problems, {}, system);
      for (const workload of ['moves', 'chat', 'idle', 'kill', 'max'] as const) assert.ok(episode[workload], workload);
      for (const [at, number] of numbersOf(episode)) assert.ok(Number.isFinite(number), `${system}${at}`);
      for (const flow of [episode.moves!, episode.chat!]) assertWhole(flow, system);
      assert.ok(episode.max!.deliveriesPerSecond > 0, 'some rate passes');
      assert.ok(episode.idle!['replicas']! > 0 && episode.idle!['edge']! > 0, JSON.stringify(episode.idle));
    }
  });

  test('Gridlock misses nothing when a replica is killed, and all players come back', () => {
    const { kill } = episodes.find(({ system }) => system.startsWith('gridlock'))!;
    assert.equal(kill!.affected, players / replicas);
    assert.deepEqual([kill!.back, kill!.lost, kill!.vanished, kill!.duplicated], [kill!.affected, 0, 0, 0]);
    assert.ok(kill!.allBackMs > 0);
  });

  test('the table has a row for each in every part', () => {
    const markdown = toMarkdown({ ...describeRun(flags), finishedAt: new Date().toISOString(), episodes });
    assert.equal(markdown.match(/^\| Gridlock stateless \| always \|/gm)?.length, 5, markdown);
    assert.equal(markdown.match(/^\| naive server \| none \|/gm)?.length, 5, markdown);
  });
});

describe('what is measured on request, at its tiny size', () => {
  const flags = planBench({
    size: 'tiny',
    only: 'gridlock-stateless-cluster-always',
    workload: 'curve,growth,soak',
  });
  let episode: Episode;

  before(async () => {
    [episode] = (await run({ ...flags, report: () => undefined })) as [Episode];
  });

  test('a Redis Cluster of three masters serves all of it, and nothing is lost', () => {
    assert.equal(flags.systems[0]!.redisMasters, 3);
    assert.deepEqual(episode.problems, {});
    for (const flow of [...episode.curve!, ...episode.growth!, episode.soak!]) assertWhole(flow, episode.system);
  });

  test('the curve has every rate that the system keeps up with', () => {
    assert.deepEqual(
      episode.curve!.map(({ asked, keptUp }) => [asked, keptUp]),
      SIZES.tiny.curve.deliveries.map((asked) => [asked, true]),
    );
  });

  test('growth has a point for rooms, for members and for idle sockets', () => {
    const { rooms, members, idle } = SIZES.tiny.growth;
    assert.deepEqual(
      episode.growth!.map(({ series, count }) => [series, count]),
      [
        ['rooms', rooms.counts[0]],
        ['members', members.counts[0]],
        ['idle', idle.counts[0]],
      ],
    );
    // Each member of the room got every move.
    const crowded = episode.growth!.find(({ series }) => series === 'members')!;
    assert.equal(crowded.expected, crowded.sent * members.counts[0]);
  });

  test('a soak has samples of the memory of every tier', () => {
    for (const tier of ['replicas', 'redis', 'edge']) {
      const samples = episode.soak!.memory[tier] ?? [];
      assert.ok(samples.length >= 2 && samples.every(({ residentBytes }) => residentBytes > 0), tier);
    }
  });

  test('each has its table and its picture', () => {
    const result = { ...describeRun(flags), finishedAt: new Date().toISOString(), episodes: [episode] };
    assert.equal(
      toMarkdown(result).match(/^\| Gridlock stateless, Redis Cluster of 3 \| always \|/gm)?.length,
      6 + 3 + 1,
    );
    assert.deepEqual(Object.keys(pictures(result)), ['curve.svg', 'growth.svg', 'soak.svg']);
  });
});

describe('a system that fails', () => {
  const size = { ...SIZES.tiny, idle: { first: 4, all: 8 } };
  const report = () => undefined;
  const problems = ({ problems: found }: Episode) => Object.keys(found).map((what) => what.split('\n')[0]);

  test('is reported with its reason at once, and the others are still measured', async () => {
    const broken = {
      ...naiveServer(),
      name: 'broken',
      replica: () => ({ command: 'false', args: [], env: process.env }),
    };
    const episodes = await run({ systems: [broken, naiveServer()], workloads: ['idle'], size, report });
    const [failed, measured] = episodes.sort((left, right) => left.system.localeCompare(right.system));
    assert.deepEqual(problems(failed!), ['not measured: all: ws1 ended with 1 before it was ready.']);
    assert.ok(measured!.idle, JSON.stringify(measured));
  });

  test('by hanging is given up', async () => {
    const [episode] = await run({ systems: [naiveServer()], workloads: ['moves'], size, report, episodeMs: 1 });
    assert.deepEqual(problems(episode!), ['not measured: all: it took longer than 0.001 s']);
  });
});

function assertWhole({ sent, expected, delivered, lost, vanished, duplicated, cpu }: Flow, system: string): void {
  assert.ok(sent > 0, 'something was sent');
  assert.deepEqual(
    { delivered, lost, vanished, duplicated },
    { delivered: expected, lost: 0, vanished: 0, duplicated: 0 },
  );
  assert.deepEqual(Object.keys(cpu).sort(), ['all', 'edge', 'redis', 'replicas'], system);
}

describe('a fault that is planted', () => {
  const pki = mkdtempSync(path.join(os.tmpdir(), 'gridlock-bench-test-'));
  let options: SystemOptions;

  before(async () => {
    await ensureCertificates(pki, 'localhost');
    const [haproxy, redis] = [findBinary('haproxy')!, findBinary('redis-server')!];
    options = { replicas, haproxy, redis, pki };
  });
  after(() => rmSync(pki, { recursive: true, force: true }));

  /** Plays for a second, or longer, on a naive server with the fault. */
  async function playWith(
    fault?: 'drop' | 'duplicate' | 'late',
    {
      seconds = 1,
      onBegin = () => undefined,
      ...load
    }: Partial<Load> & { onBegin?: (stage: SystemUnderTest) => void } = {},
  ): Promise<Measured> {
    const generator = new Generator();
    const stage = await SystemUnderTest.start(naiveServer(fault), options);
    try {
      const ca = readFileSync(path.join(pki, 'root.pem'), 'utf8');
      await generator.call('gather', [{ port: stage.port, ca, dialect: 'naive', params: {}, players, groupSize }]);
      await generator.call('connect', [0, players]);
      await generator.call('seat', ['apart', players]);
      return await generator.call('play', [{ rate: 200, warmSeconds: 0, seconds, ...load }], (edge) => {
        if (edge === 'begin') onBegin(stage);
      });
    } finally {
      await generator.stop();
      await stage.stop();
    }
  }

  test('by no fault is reported as nothing', async () => {
    const { lost, vanished, duplicated, late, delivered, expected } = await playWith(undefined, { lateMs: 7000 });
    assert.deepEqual(
      { lost, vanished, duplicated, late, delivered },
      {
        lost: 0,
        vanished: 0,
        duplicated: 0,
        late: 0,
        delivered: expected,
      },
    );
  });

  test('as a dropped event is reported as lost', async () => {
    const { lost, duplicated, delivered, expected } = await playWith('drop');
    assert.ok(lost > 0 && delivered + lost === expected, `${lost} lost, ${delivered} of ${expected} delivered`);
    assert.equal(duplicated, 0);
  });

  test('as a duplicated event is reported as such', async () => {
    const { lost, duplicated } = await playWith('duplicate');
    assert.ok(duplicated > 0);
    assert.equal(lost, 0);
  });

  test('as a late event is reported as late, and shows in the p99', async () => {
    const { lost, late, p99 } = await playWith('late');
    assert.ok(late > 0);
    assert.ok(p99 > 1000, `${p99} ms`);
    assert.equal(lost, 0);
  });

  test('as a replica that hangs is reported: its players get nothing', async () => {
    // Long enough that it hangs during play, however late this process learns that play has begun.
    const { lost, vanished } = await playWith(undefined, {
      seconds: 5,
      onBegin: (stage) => stage.signalReplica(2, 'SIGSTOP'),
    });
    assert.ok(lost > 0, `${lost} lost`);
    assert.ok(vanished > 0, `${vanished} moves of its own players went nowhere`);
  });
});

test('the peers are not installed by a test', () => {
  const lock = JSON.parse(
    readFileSync(path.resolve(import.meta.dirname, '../peers/package-lock.json'), 'utf8'),
  ) as object;
  assert.doesNotMatch(JSON.stringify(lock), /"resolved"|https?:\/\/registry/);
  assert.ok(existsSync(path.resolve(import.meta.dirname, '../peers/package.json')));
});
