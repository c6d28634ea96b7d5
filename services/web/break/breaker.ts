import { computed, signal } from '@preact/signals';
import * as v from 'valibot';
import {
  BREAK_HEADER,
  BREAK_PATH,
  BREAK_STATUS,
  type BreakPart,
  BreakStatus,
  Strike,
} from '../../protocol/break-it.ts';
import { game, health, quietly, session } from '../session.ts';
import { Network } from './network.ts';
import { back, isSettled, lost, reached, received, type Target, type Trial } from './trial.ts';

/** How long the network of the page is cut. */
const CUT_MS = 5000;
const LOOK_MS = 150;
/** A part that has not recovered by then will not recover. */
const PATIENCE_MS = 60_000;
/** How long to wait for an event after everything is back. */
const AFTERMATH_MS = 1500;
const KEPT = 3;

/** The network of the page's client, which is made with the scope of this network. */
export const network = new Network();

/** The parts that may be broken from here; none until that is known. */
export const offer = signal<BreakStatus>({ available: false, parts: [], strikes: [] });
/** The latest trials, newest first. */
export const trials = signal<readonly Trial[]>([]);
export const isBreaking = computed(() => trials.value.some(({ state }) => state === 'under way'));

let key: string | undefined;
let count = 0;

/** Asks which parts may be broken from here, which may need the operator's key. Resolves with whether any may be. */
export async function askWhatBreaks(operatorKey?: string): Promise<boolean> {
  key = operatorKey;
  const answer = await look().catch(() => undefined);
  if (answer) offer.value = answer;
  return answer?.available ?? false;
}

/** Breaks a part or the network, and records what this page notices until the trial is over. */
export async function breakIt(target: Target): Promise<void> {
  const shown = game.value;
  if (isBreaking.value || !shown) return;
  const { room } = shown;
  const number = ++count;
  const tally = { epoch: room.epoch, from: room.seq, to: room.seq, received: 0 };
  const begun: Trial = { number, target, begunAt: now(), state: 'under way', replica: health.value?.replica, tally };
  trials.value = [begun, ...trials.value].slice(0, KEPT);
  const change = (by: (trial: Trial) => Trial) =>
    void (trials.value = trials.value.map((trial) => (trial.number === number ? by(trial) : trial)));
  const ends = watch(change);
  try {
    if (target === 'network') await cutNetwork();
    else await strike(target, begun.replica, (found) => change((trial) => ({ ...trial, strike: found })));
    await settled(number, room.code);
    await nextEvent(room.seq, () => room.seq);
    change((trial) => ({ ...reached(trial, room), state: 'over' }));
  } catch (error) {
    change((trial) => ({ ...trial, state: 'failed', problem: (error as Error).message }));
  } finally {
    for (const end of ends) end();
  }
}

const now = (): number => performance.now();

/** Records what happens to the room and its socket. */
function watch(change: (by: (trial: Trial) => Trial) => void): (() => void)[] {
  const { room } = game.value!;
  let isOpen = session().health.state === 'open';
  const backNow = () => change((trial) => back(trial, now(), session().health.replica));
  return [
    session().on('state', ({ state }) => {
      if (isOpen && state !== 'open') change((trial) => lost(trial, now()));
      isOpen = state === 'open';
      // A game that is over has no further events, and the client does not resume it.
      if (isOpen && room.isOver) backNow();
    }),
    room.on('event', (event) => change((trial) => received(trial, event))),
    room.on('snapshot', (snapshot) => {
      change((trial) => reached(trial, snapshot));
      backNow();
    }),
    room.on('recovered', (position) => {
      change((trial) => reached(trial, position));
      backNow();
    }),
  ];
}

async function cutNetwork(): Promise<void> {
  network.cut();
  await pause(CUT_MS);
  network.join();
  // A browser reports a restored network in the same way.
  session().probe();
}

async function strike(part: BreakPart, replica: string | undefined, found: (strike: Strike) => void): Promise<void> {
  const before = (await look()).strikes.at(-1)?.id ?? 0;
  const struck = await ask(part, part === 'replica' ? { appId: replica } : {});
  if (struck) found(struck);
  await until(async () => {
    const status = await look().catch(() => undefined);
    // The edge may be the broken part. It answers when it is back.
    if (!status) return false;
    const latest = status.strikes.find(({ id, part: which }) =>
      struck ? id === struck.id : id > before && which === part,
    );
    if (!latest) throw new Error('The request did not reach the cluster.');
    if (latest.state === 'failed') throw new Error(latest.problem ?? 'It did not come back.');
    found(latest);
    return latest.state === 'over';
  });
}

/** Undefined without an answer: an edge that restarts cannot give one. */
async function ask(part: BreakPart, body: object): Promise<Strike | undefined> {
  const headers = { 'content-type': 'application/json', [BREAK_HEADER]: 'page', ...authorization() };
  const init = { method: 'POST', headers, body: JSON.stringify(body) };
  const answer = await fetch(BREAK_PATH + part, init).catch(() => undefined);
  if (!answer || answer.status === 502) return undefined;
  const said: unknown = await answer.json().catch(() => undefined);
  const struck = v.safeParse(Strike, said);
  if (answer.ok && struck.success) return struck.output;
  throw new Error((said as { message?: string } | undefined)?.message ?? `The cluster answered ${answer.status}.`);
}

const settled = (number: number, code: string): Promise<void> =>
  until(async () => {
    const trial = trials.value.find((one) => one.number === number);
    const isOpen = session().health.state === 'open';
    if (!isOpen) await look().catch(() => undefined);
    // If the player has left the game, the trial ends here.
    return !trial || (isOpen && game.value?.room.code !== code) || isSettled(trial, isOpen);
  });

/** Resolves with the next event, which shows that the room goes on, or when none comes for a while. */
async function nextEvent(seen: number, seq: () => number): Promise<void> {
  for (const deadline = now() + AFTERMATH_MS; seq() === seen && now() < deadline; ) await pause(LOOK_MS);
}

async function look(): Promise<BreakStatus> {
  const answer = await fetch(BREAK_STATUS, { headers: authorization(), cache: 'no-store' });
  const status = v.parse(BreakStatus, await answer.json());
  // The cluster answers this page: there is no reason to wait for a socket that is due later.
  if (session().health.state === 'reconnecting') session().probe();
  return status;
}

const authorization = () => (key === undefined ? {} : { authorization: `Bearer ${key}` });

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

async function until(condition: () => Promise<boolean>): Promise<void> {
  for (const deadline = now() + PATIENCE_MS; !(await condition()); await pause(LOOK_MS)) {
    if (now() > deadline) throw new Error('It did not come back within a minute.');
  }
}

/** Looks once the page has drawn itself. */
export const startBreaker = (): void => quietly(askWhatBreaks());
