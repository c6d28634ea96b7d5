import assert from 'node:assert/strict';
import { Agent } from 'node:https';
import { after, before, test } from 'node:test';
import { waitFor } from '../local/wait.ts';
import { openSocket, withEdge } from './edge-testing.ts';
import { LOGGING } from './limits.ts';
import { type Edge, refusalsOf, startEdge } from './testing.ts';

let edge: Edge;
before(async () => {
  edge = await startEdge();
});
after(() => edge.close());

test('refused requests are all counted by reason, and of a flood few are logged, in short lines', async () => {
  await withEdge({}, async (own) => {
    const agent = new Agent({ keepAlive: true, maxSockets: 4 });
    const ask = (path: string) => own.https({ path, agent }).then(({ status }) => status);
    const long = 'a'.repeat(8000);
    const statuses = await Promise.all(Array.from({ length: 400 }, () => ask(`/metrics/${long}`)));
    statuses.push(...(await Promise.all(Array.from({ length: 3 }, () => ask('/ws')))));
    agent.destroy();
    assert.deepEqual([...new Set(statuses)], [404, 426]);
    const counted = refusalsOf(await own.metrics({ path: '/refusals' }));
    assert.deepEqual([counted['internal_path'], counted['socket_upgrade'], counted['too_large']], [400, 3, 0]);
    const lines = own.log().split('\n');
    const refused = lines.filter((line) => line.includes('/metrics/'));
    assert.ok(refused.length > 0 && refused.length <= 100, `${refused.length} of 400 are logged`);
    for (const line of lines) assert.ok(line.length <= LOGGING.lineBytes, `${line.length} characters`);
  });
});

test('many requests of one address are logged only in part, even those that are served', async () => {
  await withEdge({}, async (own) => {
    const agent = new Agent({ keepAlive: true, maxSockets: 4 });
    const many = 4 * LOGGING.requestsPerAddress;
    await Promise.all(Array.from({ length: many }, () => own.https({ agent, localAddress: '127.0.0.66' })));
    assert.equal((await own.https({ path: '/seen', localAddress: '127.0.0.77' })).status, 200);
    agent.destroy();
    await waitFor(async () => own.log().includes('/seen') || undefined, { what: 'the log', timeoutMs: 30_000 });
    const logged = own.log().split('127.0.0.66:').length - 1;
    assert.ok(logged <= 2 * LOGGING.requestsPerAddress, `${logged} of ${many} are logged`);
  });
});

test('refused requests of many addresses are logged only in part, and all counted', async () => {
  await withEdge({}, async (own) => {
    const [addresses, each] = [40, 10];
    const path = '/metrics';
    const began = performance.now();
    await Promise.all(
      Array.from({ length: addresses }, async (_, index) => {
        const agent = new Agent({ keepAlive: true, maxSockets: 1 });
        const ask = () => own.https({ agent, path, localAddress: `127.0.70.${index + 1}` });
        for (let count = 0; count < each; count += 1) assert.equal((await ask()).status, 404);
        agent.destroy();
      }),
    );
    const seconds = Math.ceil((performance.now() - began) / 1000);
    assert.equal((await own.https({ path: '/seen' })).status, 200);
    await waitFor(async () => own.log().includes('/seen') || undefined, { what: 'the log', timeoutMs: 30_000 });
    const logged = own.log().split(path).length - 1;
    // HAProxy's rate slides: it may let the limit of two adjacent seconds through at once.
    const most = 2 * LOGGING.refusalsPerReason * (seconds + 1);
    assert.ok(logged > 0 && logged <= most, `${logged} of ${addresses * each} are logged, ${most} may be`);
    const refusals = refusalsOf(await own.metrics({ path: '/refusals' }));
    assert.equal(refusals['internal_path'], addresses * each);
  });
});

test('neither a token nor the code of a game in an address is logged', async () => {
  await withEdge({}, async (own) => {
    await own.https({ path: '/ws?game=SECRET&token=eyJhbGciOi' });
    await own.plain({ path: '/?game=SECRET&token=eyJhbGciOi' });
    const { socket } = await openSocket(own, '?game=SECRET');
    socket.terminate();
    const ended = async () => (own.log().match(/ GET HTTP\/1\.1 \/(ws)?$/gm) ?? []).length === 3 || undefined;
    await waitFor(ended, { what: 'three lines of the log', timeoutMs: 30_000 });
    assert.doesNotMatch(own.log(), /SECRET|eyJ/);
  });
});
