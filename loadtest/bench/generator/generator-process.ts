// The generator's process. It carries out the requests of its parent over their channel, and ends with the parent.

import { Deliveries } from './deliveries.ts';
import type { CallName, Calls, Request, Response } from './generator.ts';
import { type Absence, now, ThinCrowd } from './thin-crowd.ts';
import { type Measured, Pacer, play, say, settled } from './workload.ts';

/** How long the players of a killed replica may take to come back, and how long play goes on after that. */
const BACK_MS = 15_000;
const PLAY_ON_MS = 1500;

/** About how long the play around a kill goes on. */
const FAILOVER_SECONDS = 5;

let crowd: ThinCrowd | undefined;
let failover: { pacer: Pacer; deliveries: Deliveries; from: number; absencesBefore: number } | undefined;

const gathered = (): ThinCrowd => {
  if (!crowd) throw new Error('There is no crowd.');
  return crowd;
};
const tell = (response: Response) => process.send?.(response);

type Handlers = {
  [Name in CallName]: (
    window: (edge: 'begin' | 'end') => void,
    ...args: Calls[Name]['args']
  ) => Promise<Calls[Name]['answer']>;
};

const handlers: Handlers = {
  gather: async (_window, options) => {
    crowd = new ThinCrowd(options);
  },
  connect: (_window, from, to) => gathered().connect(from, to),
  seat: (_window, where, players) => gathered().seat(where, players),
  listen: () => gathered().listen(),
  play: (window, load) => play(gathered(), load, window),
  say: (window, load) => say(gathered(), load, window),
  beginFailover: async (_window, groups, rate) => {
    const all = gathered();
    all.keep(groups);
    await all.makeRoom(Math.ceil((FAILOVER_SECONDS * rate) / groups));
    const deliveries = new Deliveries(all.groups.map(({ moves }) => moves));
    all.moves = deliveries;
    const players = all.groups.flatMap((group) => group.players);
    const pacer = new Pacer(players, rate, (player, dueAt) => all.move(player, dueAt));
    failover = { pacer, deliveries, from: now(), absencesBefore: all.absences.length };
  },
  endFailover: async (window, affected) => {
    const all = gathered();
    const { pacer, deliveries, from, absencesBefore } = failover!;
    const absences = (): Absence[] => all.absences.slice(absencesBefore);
    const areBack = () => absences().filter(({ at }) => at.back !== undefined).length >= affected;
    for (const deadline = now() + BACK_MS; !areBack() && now() < deadline; ) await pause(5);
    window('end');
    await pause(PLAY_ON_MS);
    const seconds = (now() - from) / 1000;
    pacer.stop();
    await settled(deliveries);
    const measured: Measured = { ...deliveries.tally(), deliveredInTime: deliveries.count, seconds };
    return { measured, absences: absences() };
  },
  replicas: async () => {
    const players = gathered().groups.flatMap((group) => group.players);
    return Object.fromEntries(
      [...Map.groupBy(players, ({ replica }) => replica)].map(([name, { length }]) => [name, length]),
    );
  },
  problems: async () => Object.fromEntries(gathered().problems),
  disperse: async () => {
    crowd?.close();
    crowd = undefined;
  },
};

const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

process.on('message', ({ id, name, args }: Request) => {
  const handler = handlers[name] as (window: (edge: 'begin' | 'end') => void, ...args: unknown[]) => Promise<unknown>;
  handler((edge) => tell({ id, window: edge }), ...args).then(
    (answer) => tell({ id, answer: answer ?? null }),
    (error: Error) => tell({ id, error: error.stack ?? error.message }),
  );
});
process.on('disconnect', () => process.exit(0));
