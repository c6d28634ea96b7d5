// Usage: node loadtest/placement/main.ts [stateless|stateful] [sockets] [replicas]
import { startCluster } from '../kit/cluster.ts';
import { scaleOut } from './scale-out.ts';

/** Lets a last replica into a cluster under play, and prints how long its part of the sockets takes to come. */
const [design = 'stateless', sockets = '400', replicas = '4'] = process.argv.slice(2);
if ((design !== 'stateless' && design !== 'stateful') || !/^\d+$/.test(sockets) || !/^([2-9]|1[0-6])$/.test(replicas)) {
  process.stderr.write('Usage: node loadtest/placement/main.ts [stateless|stateful] [sockets] [replicas, 2 to 16]\n');
  process.exit(2);
}
const cluster = await startCluster({ design, replicas: Number(replicas) });
try {
  const games = Math.floor(Number(sockets) / 8);
  const { violations, ...found } = await scaleOut(cluster, {
    sockets: Number(sockets),
    games,
    moveMs: 2000,
    withinMs: 90_000,
  });
  process.stdout.write(`${JSON.stringify({ design, ...found, violations: violations.length }, undefined, 2)}\n`);
  if (violations.length > 0) process.exitCode = 1;
} finally {
  await cluster.stop();
}
