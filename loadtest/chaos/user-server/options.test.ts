import assert from 'node:assert/strict';
import { test } from 'node:test';
import { UsageError } from '../../../infra/usage-error.ts';
import { runChaos } from '../run.ts';
import { faultsFor, ownTarget, planSockets } from './options.ts';

const quiet = () => undefined;
const names = (...args: Parameters<typeof faultsFor>) => faultsFor(...args).map(({ name }) => name);

for (const [what, options, pattern] of [
  ['both a command and a target', { command: 'x', target: 'wss://x/' }, /^--command starts a server and --target/],
  ['a flag of the game', { command: 'x', design: 'stateless' }, /^--design is for Gridlock's own replicas/],
  ['a flag of a server without one', { sockets: 4 }, /^--sockets is for a server of your own: name it with --command/],
  ['a fault of a server without one', { fault: ['rotate'] }, /^--fault rotate is for a server of your own/],
  ['a fault of the game', { command: 'x', fault: ['redis-kill'] }, /^--fault redis-kill is for Gridlock's own/],
  ['a path of a target', { target: 'wss://x/', path: '/ws' }, /^--path is for --command: leave it out/],
  ['a root of a command', { command: 'x', ca: 'root.pem' }, /^--ca is for --target: leave it out/],
  ['a path that is none', { command: 'x', path: 'ws' }, /^--path is "ws": a path such as/],
  ['a silence that nothing would notice', { command: 'x', fault: ['network-silent'] }, /^--fault network-silent needs/],
  [
    'a strike and a fault',
    { target: 'wss://x/', strike: 'true', fault: ['rotate'] },
    /^--strike is a fault of your own/,
  ],
  ['an answer without a question', { command: 'x', expect: 'y' }, /^--expect is for --ping/],
  ['a target that is a page', { target: 'https://localhost' }, /^--target is "https:\/\/localhost"/],
] as const) {
  test(`${what} is refused with a sentence`, async () => {
    await assert.rejects(
      async () => runChaos(options, quiet),
      (error: Error) => {
        assert.ok(error instanceof UsageError);
        assert.match(error.message, pattern);
        return true;
      },
    );
  });
}

test('every fault strikes a command, and what needs pings only where there are some', () => {
  const reach = { copies: true, edge: true };
  assert.deepEqual(names({ command: 'x' }, reach), [
    'replica-kill',
    'replica-stop',
    'rolling-restart',
    'edge-kill',
    'rotate',
    'network-cut',
  ]);
  assert.ok(names({ command: 'x', ping: 'hello' }, reach).includes('network-silent'));
});

test('of a server elsewhere the network is struck, and a fault that needs a process is refused', () => {
  const reach = { copies: false, edge: false };
  assert.deepEqual(names({ target: 'wss://x/', ping: 'hello' }, reach), ['network-cut', 'network-silent']);
  assert.throws(() => faultsFor({ target: 'wss://x/', fault: ['edge-kill'] }, reach), {
    name: 'UsageError',
    message: /^--fault edge-kill needs the edge of npm start on this machine: name its directory with --state-dir/,
  });
});

test('a command of the user is the only fault of its run', () => {
  assert.deepEqual(names({ target: 'wss://x/', strike: 'true' }, { copies: true, edge: true }), ['strike']);
});

test('sockets of a cluster of its own ask for the path, and send their text five times a second', () => {
  const { target } = ownTarget(8443, '/state', '/ws?room={n}');
  const plan = planSockets({ command: 'x', ping: 'hello' }, target, undefined);
  assert.equal(plan.target, 'wss://localhost:8443/ws?room={n}');
  assert.deepEqual(plan.ping, { text: 'hello', expect: 'hello', pace: 5 });
});
