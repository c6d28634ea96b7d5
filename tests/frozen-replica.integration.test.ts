import assert from 'node:assert/strict';
import path from 'node:path';
import { test } from 'node:test';
import { runtimeCommand } from '../infra/edge/haproxy.ts';
import { waitFor } from '../infra/local/wait.ts';
import { startCluster } from '../loadtest/kit/cluster.ts';
import { createClient } from '../services/client/node.ts';
import { MemoryStore } from '../services/client/testing/fake-network.ts';

const LATE = /^gridlock_upgrades_refused_total\{[^}]*reason="late"[^}]*\} (\d+)/m;
const PLAYERS = 6;

for (const reloads of [false, true]) {
  const instead = reloads ? 'by a page that was reloaded meanwhile' : 'instead';
  test(`an attempt to connect that hung at a frozen replica does not end the connection that was made ${instead}`, async () => {
    const cluster = await startCluster({ replicas: 2 });
    const { replicas } = await cluster.status();
    const frozen = replicas[0]!;
    const stores = Array.from({ length: PLAYERS }, () => new MemoryStore());
    /** All clients, as programs or pages that have just started. */
    const begin = () =>
      stores.map((store) => createClient({ url: cluster.url, ca: cluster.rootPem, connectTimeoutMs: 1000, store }));
    let clients = begin();
    const close = () => clients.forEach((client) => client.close());
    const runtimeSocket = path.join(cluster.stateDir, 'run/haproxy.sock');
    try {
      // This gives them their sessions.
      await Promise.all(clients.map((client) => client.connect()));
      close();
      // However slow this test is, the edge must not notice yet.
      await runtimeCommand(runtimeSocket, `disable health replicas/${frozen.name}`);
      process.kill(frozen.pid!, 'SIGSTOP');
      let hung = 0;
      for (const client of clients) client.on('error', ({ message }) => (hung += Number(/no welcome/.test(message))));
      // The edge sends every second one there until it notices.
      const connecting = Promise.all(clients.map((client) => client.connect()));
      const isHung = async () => hung > 0 || undefined;
      await waitFor(isHung, { what: 'an attempt to hang at the frozen replica', timeoutMs: 30_000 });
      await runtimeCommand(runtimeSocket, `enable health replicas/${frozen.name}`);
      await connecting;
      if (reloads) {
        close();
        clients = begin();
        await Promise.all(clients.map((client) => client.connect()));
      }
      const connected = clients.map(({ health }) => health.reconnects);
      process.kill(frozen.pid!, 'SIGCONT');
      const late = async () => {
        const text = await (await fetch(`http://127.0.0.1:${frozen.internalPort}/metrics`)).text();
        return Number(LATE.exec(text)?.[1] ?? 0) > 0 || undefined;
      };
      await waitFor(late, { what: 'an attempt that comes too late', timeoutMs: 30_000, intervalMs: 50 });
      const seats = await Promise.all(clients.map((client) => client.create({ players: 2 })));
      assert.equal(new Set(seats.map(({ code }) => code)).size, PLAYERS);
      assert.deepEqual(
        clients.map(({ state }) => state),
        clients.map(() => 'open'),
      );
      assert.deepEqual(
        clients.map(({ health }) => health.reconnects),
        connected,
      );
    } finally {
      process.kill(frozen.pid!, 'SIGCONT');
      close();
      await cluster.stop();
    }
  });
}
