import { existsSync } from 'node:fs';
import path from 'node:path';
import { composePaths, INTERNAL_PORT, REPLICAS } from '../../infra/compose/files.ts';
import { readConfig } from '../../infra/config/config.ts';
import { publicUrl } from '../../infra/config/origin.ts';
import { docker } from '../../infra/image/docker.ts';
import { waitFor } from '../../infra/local/wait.ts';
import { UsageError } from '../../infra/usage-error.ts';
import { readEdgeLimits } from './edge-limits.ts';
import { tellFromInside, tellOneOf } from './operations-page.ts';
import type { Target } from './target.ts';

const WHOLE_MS = 120_000;
const PARTS = [...REPLICAS, 'redis', 'edge'];

/** The image has bash and nothing that lists processes; the master is the first process of the container. */
const KILL_WORKER = `for file in /proc/[0-9]*/stat; do
  read -r pid name state parent rest < "$file" 2>/dev/null || continue
  [[ $parent == 1 && $name == '(haproxy)' ]] && worker=$pid
done
kill -KILL "$worker"`;

interface State {
  readonly StartedAt: string;
  readonly Pid: number;
  readonly Running: boolean;
  readonly Health?: { readonly Status: string };
}

/** The containers that `npm run compose` brought up. @throws UsageError when they do not run */
export async function composeTarget(given?: string): Promise<Target> {
  const config = readConfig();
  const paths = composePaths(given ?? config.stateDir);
  const root = paths.pki;
  const trust = [path.join(root, 'roots.pem'), path.join(root, 'root.pem')].find((file) => existsSync(file));
  const project = process.env['COMPOSE_PROJECT_NAME'] ?? 'gridlock';
  const container = async (service: string) => {
    const label = (name: string) => ['--filter', `label=com.docker.compose.${name}`];
    const found = await docker([
      'ps',
      '--all',
      '--quiet',
      ...label(`project=${project}`),
      ...label(`service=${service}`),
    ]);
    return found.trim().split('\n')[0]!;
  };
  const state = async (service: string): Promise<State> =>
    JSON.parse(await docker(['inspect', '--format', '{{json .State}}', await container(service)])) as State;
  const edge = await container('edge').catch((error: Error) => {
    throw new UsageError(`The containers cannot be inspected: ${error.message}.`);
  });
  if (trust === undefined || edge === '') {
    throw new UsageError(`No containers of the project ${project} run: npm run compose brings them up.`);
  }

  const healthy = (service: string) =>
    waitFor(
      async () => {
        const { Running, Health } = await state(service);
        return (Running && (Health === undefined || Health.Status === 'healthy')) || undefined;
      },
      { what: `${service} to be healthy`, timeoutMs: WHOLE_MS, intervalMs: 500 },
    );
  /** Docker does not restart a container that was killed through it, because that was intended. */
  const killed = async (service: string) => {
    await docker(['kill', await container(service)]);
    await docker(['start', await container(service)]);
    await healthy(service);
    return `${service} is back`;
  };

  /** The master leaves with its worker, and Docker starts both again. */
  const workerKilled = async () => {
    const { StartedAt } = await state('edge');
    await docker(['exec', await container('edge'), 'bash', '-c', KILL_WORKER]);
    await waitFor(async () => (await state('edge')).StartedAt !== StartedAt || undefined, {
      what: 'Docker to start the edge again',
      timeoutMs: WHOLE_MS,
      intervalMs: 200,
    });
    await healthy('edge');
    return "the edge's worker is back";
  };

  return {
    name: 'compose',
    url: publicUrl(config),
    trustFile: () => trust,
    processes: async () => {
      const pids = await Promise.all(PARTS.map(async (part) => [part, [(await state(part)).Pid]] as const));
      return Object.fromEntries(pids.filter(([, [pid]]) => pid! > 0));
    },
    // No port of the page is published, so this connects from inside a container, through Docker.
    tellOperations: (run) =>
      tellOneOf(REPLICAS, async (replica) =>
        docker(['exec', '--interactive', await container(replica), ...tellFromInside(INTERNAL_PORT)], {}, run),
      ),
    faults: {
      'a replica': { strike: () => killed(REPLICAS[0]), closes: 'replica' },
      Redis: { strike: () => killed('redis'), closes: 'none' },
      "the edge's worker": { strike: workerKilled, closes: 'all' },
    },
    // Docker's proxy is in front of the edge, so all connections come from its address.
    limits: readEdgeLimits(path.join(paths.edge, 'haproxy.cfg'), false),
    rollOut: async (told) => {
      for (const replica of REPLICAS) {
        await docker(['restart', await container(replica)]);
        await healthy(replica);
        told(`${replica} is a new one`);
      }
      return `${REPLICAS.length} replicas replaced`;
    },
    stop: async () => undefined,
  };
}
