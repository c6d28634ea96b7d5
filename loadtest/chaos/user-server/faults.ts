import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { waitFor } from '../../../infra/local/wait.ts';
import { childrenOf } from '../../kit/process-usage.ts';
import type { Random } from '../../kit/random.ts';
import type { Copy, RunningEdge, Stage } from './stage.ts';

/** The effect of a fault, and the drops that it explains. */
export interface Strike {
  /** As the end of a sentence about the round. */
  readonly what: string;
  /** The number of sockets that it may drop. Fewer prove that it did not strike; it does not explain more. */
  readonly drops: { readonly least: number; readonly most: number };
  /** Whether each dropped socket has to get a close frame. */
  readonly announces: boolean;
}

/** The sockets of a round while a fault strikes. */
export interface Scene {
  readonly stage: Stage;
  /** Their number. */
  readonly sockets: number;
  /** Resolves when all of them are open. */
  whole(): Promise<void>;
}

export interface UserFault {
  readonly name: string;
  readonly about: string;
  /** `copies` and `edge` are processes on this machine; `pings` means that each socket has to send something. */
  readonly needs: 'copies' | 'edge' | 'network' | 'pings';
  /** Resolves when the fault is over. @throws when it did not strike */
  strike(scene: Scene, random: Random): Promise<Strike>;
}

const STOPPED_MS = [1800, 3200] as const;
const SILENT_MS = [1500, 3000] as const;
const PATIENCE_MS = 30_000;
const NONE = { least: 0, most: 0 };

function edgeOf({ edge }: Stage): RunningEdge {
  if (edge === undefined) throw new Error('There is no edge on this machine to strike.');
  return edge;
}

/** One of the copies that hold sockets, and the number it holds; some may belong to other clients. */
async function someCopy(scene: Scene, random: Random): Promise<Copy & { drops: Strike['drops'] }> {
  const edge = edgeOf(scene.stage);
  const held = await edge.held();
  const copies = (await edge.copies()).filter(({ name }) => (held.get(name) ?? 0) > 0);
  const copy = random.pick(copies);
  return { ...copy, drops: dropsOf(held.get(copy.name)!, held, scene.sockets) };
}

function dropsOf(count: number, held: ReadonlyMap<string, number>, sockets: number): Strike['drops'] {
  const areOurs = [...held.values()].reduce((sum, one) => sum + one, 0) === sockets;
  return { least: areOurs ? count : 0, most: count };
}

export const USER_FAULTS: readonly UserFault[] = [
  {
    name: 'replica-kill',
    about: 'SIGKILL of a copy',
    needs: 'copies',
    strike: async (scene, random) => {
      const { name, pid, drops } = await someCopy(scene, random);
      process.kill(pid, 'SIGKILL');
      await edgeOf(scene.stage).replaced(name, pid);
      return { what: `${name} was killed with ${drops.most} sockets`, drops, announces: false };
    },
  },
  {
    name: 'replica-stop',
    about: 'SIGSTOP of a copy for 1.8 to 3.2 s, then SIGCONT',
    needs: 'copies',
    strike: async (scene, random) => {
      const { name, pid, drops } = await someCopy(scene, random);
      const ms = random.between(...STOPPED_MS);
      process.kill(pid, 'SIGSTOP');
      try {
        await delay(ms);
      } finally {
        process.kill(pid, 'SIGCONT');
      }
      // Its own timers may have closed clients as silent.
      return { what: `${name} stood still for ${ms} ms`, drops: { ...drops, least: 0 }, announces: false };
    },
  },
  {
    name: 'rolling-restart',
    about: 'every copy is asked to end, one after the other, and started again',
    needs: 'copies',
    strike: async (scene, random) => {
      const edge = edgeOf(scene.stage);
      const copies = await edge.copies();
      const order = random.some(copies, copies.length);
      const drops = { least: 0, most: 0 };
      for (const copy of order) {
        await scene.whole();
        const before = await edge.held();
        const held = await edge.restart(copy);
        const { least, most } = dropsOf(held, before, scene.sockets);
        drops.least += least;
        drops.most += most;
      }
      const names = order.map(({ name }) => name).join(', ');
      return { what: `${names} were asked to end with ${edge.drainSignal}`, drops, announces: true };
    },
  },
  {
    name: 'edge-kill',
    about: "SIGKILL of HAProxy's worker, which is started again",
    needs: 'edge',
    strike: async ({ stage, sockets }) => {
      const edge = edgeOf(stage);
      const master = (await edge.processes()).get('haproxy');
      const workers = master === undefined ? [] : await childrenOf(master);
      if (workers.length === 0) throw new Error('HAProxy has no worker.');
      for (const pid of workers) process.kill(pid, 'SIGKILL');
      await edge.replaced('haproxy', master!);
      return { what: 'the worker of HAProxy was killed', drops: { least: sockets, most: sockets }, announces: false };
    },
  },
  {
    name: 'rotate',
    about: 'a new leaf and a new intermediate go into the running edge',
    needs: 'edge',
    strike: async ({ stage }) => {
      const serial = await edgeOf(stage).rotate();
      return { what: `the edge serves the new leaf ${serial}`, drops: NONE, announces: false };
    },
  },
  {
    name: 'network-cut',
    about: 'the connections between clients and edge are reset',
    needs: 'network',
    strike: async ({ stage: { link }, sockets }) => {
      const count = link.cut();
      return { what: `${count} connections were reset`, drops: { least: sockets, most: count }, announces: false };
    },
  },
  {
    name: 'network-silent',
    about: 'nothing passes between clients and edge for 1.5 to 3 s; then it arrives late, or never',
    needs: 'pings',
    strike: async ({ stage: { link }, sockets }, random) => {
      const [before, ms, isLost] = [link.hindered, random.between(...SILENT_MS), random.next() < 0.5];
      const passes = async () => link.hindered > before || undefined;
      link.hold();
      try {
        await delay(ms);
        await waitFor(passes, { what: 'something to go over the network', timeoutMs: PATIENCE_MS, intervalMs: 5 });
      } finally {
        if (isLost) link.cut();
        link.release();
      }
      const count = link.hindered - before;
      const what = `nothing passed for ${ms} ms, and ${count} packets ${isLost ? 'were lost' : 'arrived late'}`;
      // A server may close clients that it hears nothing from.
      return { what, drops: { least: isLost ? sockets : 0, most: sockets }, announces: false };
    },
  },
];

/** The user's own fault: a shell command, for example to delete a pod. It has struck when it exits with 0. */
export const commandFault = (command: string): UserFault => ({
  name: 'strike',
  about: command,
  needs: 'network',
  strike: async () => {
    const child = spawn('/bin/sh', ['-c', command], { stdio: ['ignore', 'inherit', 'inherit'] });
    const [code, signal] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null];
    if (code !== 0) throw new Error(`The command of --strike ended with ${code ?? signal}: ${command}`);
    return { what: command, drops: { least: 0, most: Number.POSITIVE_INFINITY }, announces: false };
  },
});
