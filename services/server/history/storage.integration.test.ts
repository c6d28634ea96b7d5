import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { until } from '../../../tests/kit/wait.ts';
import type { Replica } from '../replica.ts';
import { assertGapless, ok, retryUntilSettled, sequence, startedGame } from '../testing/play.ts';
import { adminOf, startRedis, type TestRedis } from '../testing/redis.ts';
import { DESIGNS, type Design, startTestReplica } from '../testing/replica.ts';

const MEGABYTE = 1024 * 1024;

/** A file system of four megabytes; undefined where it may not be mounted. */
function smallDisk(): { directory: string; fill(): void; empty(): void; unmount(): void } | undefined {
  const directory = mkdtempSync(join(tmpdir(), 'gridlock-disk-'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=4m', 'tmpfs', directory], { stdio: 'ignore' });
  } catch {
    rmSync(directory, { recursive: true });
    return undefined;
  }
  const ballast = join(directory, 'ballast');
  return {
    directory,
    fill: () => {
      for (let size = 4 * MEGABYTE; size >= 1; size = Math.floor(size / 2)) {
        try {
          writeFileSync(ballast, Buffer.alloc(size), { flag: 'a' });
        } catch {
          // No room for so much.
        }
      }
    },
    empty: () => rmSync(ballast, { force: true }),
    unmount: () => {
      execFileSync('umount', ['-l', directory]);
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

async function withReplica(redis: TestRedis, design: Design, task: (replica: Replica) => Promise<void>) {
  const replica = await startTestReplica(redis.url, '1111', { design });
  try {
    await task(replica);
  } finally {
    await replica.drain();
  }
}

const statusOf = async ({ internalUrl }: Replica) => (await fetch(`${internalUrl}/readyz`)).status;

for (const design of DESIGNS) {
  describe(design, () => {
    for (const fsync of ['always', 'everysec'] as const) {
      test(`a full disk with appendfsync ${fsync}: captures are refused as unavailable, none that was acknowledged is lost, and play goes on when there is room`, async (context) => {
        const disk = smallDisk();
        if (!disk) return context.skip('a small file system cannot be mounted here');
        const redis = await startRedis({ config: [`dir ${disk.directory}`, `appendfsync ${fsync}`] });
        try {
          await withReplica(redis, design, async (replica) => {
            const { ada, bob, game } = await startedGame([replica.url, replica.url], 16);
            const acknowledged = new Map<number, number>();
            const onAck = ({ seq }: { seq?: number | undefined }, cell: number) => void acknowledged.set(cell, seq!);
            await retryUntilSettled(ada, game, sequence(0, 9), onAck);
            disk.fill();
            let cell = 10;
            // With everysec Redis acknowledges a write that it cannot put on disk, keeps it, and refuses later ones.
            for (let refused = false; !refused; cell += 1) {
              assert.ok(cell < 100, 'a capture is refused at last');
              const answer = await ada.request({ type: 'capture', game, cell, id: `full${cell}` });
              if (answer.type === 'ack') {
                onAck(answer, cell);
                await delay(100);
              } else {
                assert.equal(answer.code, 'unavailable', answer.message);
                refused = true;
              }
            }
            disk.empty();
            // With always Redis has ended itself: it must not go on after a write that failed.
            if (fsync === 'always') {
              await redis.kill();
              await redis.restart();
            }
            await until(async () => (await statusOf(replica)) === 200, 'the replica is ready again', 20_000);
            await retryUntilSettled(ada, game, sequence(cell, cell + 10), onAck);
            await Promise.all(
              [ada, bob].map((client) => client.next('event', ({ seq }) => seq >= acknowledged.get(cell + 10)!)),
            );
            for (const client of [ada, bob]) {
              assertGapless(client, game);
              const lost = client.received.some((item) => item.type === 'snapshot' && item.recovered === false);
              assert.equal(lost, false, 'nothing was lost');
            }
            for (const [taken, seq] of acknowledged) {
              const found = bob.events(game).find((item) => item.seq === seq);
              assert.equal(found?.event.kind === 'captured' && found.event.cell, taken);
            }
            for (const client of [ada, bob]) client.close();
          });
        } finally {
          await redis.stop();
          disk.unmount();
        }
      });
    }

    test('while Redis loads its data a replica is not ready and answers unavailable, and then goes on where it was', async () => {
      const redis = await startRedis({
        config: ['enable-debug-command yes', 'loading-process-events-interval-bytes 1024', 'key-load-delay 40'],
      });
      const admin = adminOf(redis);
      try {
        await withReplica(redis, design, async (replica) => {
          const { ada, bob, game } = await startedGame([replica.url, replica.url], 6);
          ok(await ada.request({ type: 'capture', game, cell: 0 }));
          // Enough for two seconds of loading.
          await admin.config('SET', 'appendfsync', 'no');
          const filler = admin.pipeline();
          for (let number = 0; number < 60_000; number += 1)
            filler.set(`gridlock:filler:${number}`, 'x'.repeat(64), 'EX', 600);
          await filler.exec();
          await admin.config('SET', 'appendfsync', 'always');
          await redis.kill();
          const restarted = redis.restart();
          const seen = new Set<string>();
          let done = false;
          void restarted.finally(() => (done = true));
          while (!done) {
            const answer = await ada.request({ type: 'capture', game, cell: 1, id: 'while-loading' });
            seen.add(answer.type === 'ack' ? 'ack' : answer.code);
            if (answer.type === 'ack') break;
            assert.equal(answer.code, 'unavailable', answer.message);
            await delay(50);
          }
          await restarted;
          assert.ok(seen.has('unavailable'), [...seen].join());
          await until(async () => (await statusOf(replica)) === 200, 'the replica is ready again', 20_000);
          await retryUntilSettled(ada, game, [2], () => undefined);
          assertGapless(bob, game);
          for (const client of [ada, bob]) client.close();
        });
      } finally {
        admin.disconnect();
        await redis.stop();
      }
    });
  });
}
