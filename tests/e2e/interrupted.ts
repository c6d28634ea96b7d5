// Scenarios in which `npm run up` starts from nothing. Each has its own checkout and cluster.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { waitFor } from '../../infra/local/wait.ts';
import { buildImage, clusterExists, deleteCluster, loadImages, nodesOf } from './kind.ts';
import { chartsIn, type Options } from './options.ts';
import { hasDockerProvider } from './preflight.ts';
import { Project } from './project.ts';
import type { Settings } from './system.ts';

const SIGINT = 130;

/** A scenario with its own stack. */
export interface OwnScenario {
  readonly name: string;
  readonly title: string;
  readonly run: (settings: Settings, options: Options) => Promise<string | void>;
}

/** If the port is in use, `up` refuses with one sentence before it makes a cluster. */
async function portInUse(settings: Settings): Promise<string> {
  const project = new Project(settings);
  const { port, clusterName } = project.config();
  const server = createServer().listen(port, '127.0.0.1');
  await once(server, 'listening');
  try {
    const { code, stderr, seconds } = await project.attempt('up', ['--yes']);
    assert.equal(code, 2, stderr);
    const said = stderr.trim().split('\n');
    assert.deepEqual(said.length, 1, stderr);
    assert.match(said[0]!, new RegExp(`Port ${port} is in use on 127\\.0\\.0\\.1: .* choose another port`));
    assert.equal(await clusterExists(clusterName), false);
    return `refused in ${seconds} s`;
  } finally {
    server.close();
    project.remove();
  }
}

/** Loads an image as soon as the cluster accepts one. */
const loadedOnceMade = (clusterName: string, image: string): Promise<string> =>
  waitFor(() => loadImages(clusterName, [image]), {
    what: 'a cluster that accepts images',
    timeoutMs: 300_000,
    intervalMs: 2000,
  });

/** Ctrl-C ends an `up` while kind makes the cluster. The next `up` makes it again, and `down` leaves no cluster behind. */
async function interrupted(settings: Settings, options: Options): Promise<string> {
  const charts = options.charts === undefined ? {} : chartsIn(options.charts);
  const project = new Project({ ...charts, ...settings, workers: 0, redis: 'single' });
  const { clusterName } = project.config();
  try {
    const child = project.start('up', ['--yes']);
    child.stdout.resume();
    child.stderr.resume();
    const ended = once(child, 'exit') as Promise<[number | null, NodeJS.Signals | null]>;
    const begun = async () => ((await nodesOf(clusterName)).length > 0 ? true : undefined);
    await waitFor(begun, { what: 'kind to start making the cluster', timeoutMs: 120_000, intervalMs: 250 });
    // A terminal sends the signal to the whole process group.
    process.kill(-child.pid!, 'SIGINT');
    const [code] = await ended;
    assert.equal(code, SIGINT);
    const image = (await hasDockerProvider()) ? undefined : (await buildImage(project.config())).reference;
    if (image !== undefined) project.configure({ image });
    const bringingUp = project.run('up', ['--yes']);
    // If the engine cannot build the image, the cluster needs it before the pods start.
    if (image !== undefined) await Promise.race([bringingUp, loadedOnceMade(clusterName, image)]);
    const { seconds } = await bringingUp;
    const down = await project.run('down', ['--state-dir', project.stateDir, '--yes']);
    assert.equal(await clusterExists(clusterName), false);
    assert.deepEqual(await nodesOf(clusterName), []);
    return `up again in ${seconds} s, down in ${down.seconds} s`;
  } finally {
    if (await clusterExists(clusterName)) await deleteCluster(clusterName);
    project.remove();
  }
}

export const OWN: readonly OwnScenario[] = [
  { name: 'port-in-use', title: 'a port in use', run: portInUse },
  { name: 'interrupted', title: 'Ctrl-C while the cluster is made', run: interrupted },
];
