import { isDeepStrictEqual } from 'node:util';
import { FREE, type GameEvent, type GameState } from '../../services/apps/grid/grid.ts';

/** One thing a client applied to its picture of a game, in the order it did so. */
export type Observation =
  | { kind: 'event'; game: string; epoch: string; seq: number; event: GameEvent }
  | { kind: 'snapshot'; game: string; epoch: string; seq: number; state: GameState };

export interface AcknowledgedCapture {
  readonly game: string;
  readonly epoch: string;
  readonly seq: number;
  readonly cell: number;
}

/** What one player's client saw and was promised. */
export interface ClientHistory {
  readonly player: string;
  readonly observed: readonly Observation[];
  readonly acknowledged: readonly AcknowledgedCapture[];
  /** What its sockets brought, before the client put anything in order. */
  readonly received?: readonly Received[];
}

export type Fault = 'gap' | 'duplicate' | 'applied twice' | 'order' | 'lost' | 'lost tail' | 'two owners' | 'score';

export interface Violation {
  readonly fault: Fault;
  readonly player: string;
  readonly detail: string;
}

/**
 * What is wrong with the histories of all clients of some games; empty when nothing is.
 *
 * - gap, duplicate: one client's seq numbers of a game are not consecutive within an epoch, or on one of its sockets
 * - applied twice: one player's capture of a cell is in an epoch twice
 * - order: two clients saw different events at the same place
 * - lost: an acknowledged capture is not at its place in the common history, or not in a later state of that epoch
 * - lost tail: the epoch that followed, by which it was announced, began without an acknowledged capture
 * - two owners: a cell was captured by two players in an epoch
 * - score: the scores of a capture are not the numbers of cells held
 */
export function findViolations(histories: readonly ClientHistory[]): Violation[] {
  return [
    ...histories.flatMap(sequenceFaults),
    ...histories.flatMap(({ player, received = [] }) => wireFaults(received).map((fault) => ({ ...fault, player }))),
    ...commonHistory(histories).faults,
    ...lostCaptures(histories),
    ...forgottenCaptures(histories),
    ...ownershipFaults(histories),
  ];
}

function sequenceFaults({ player, observed }: ClientHistory): Violation[] {
  const faults: Violation[] = [];
  const last = new Map<string, { epoch: string; seq: number }>();
  for (const { kind, game, epoch, seq } of observed) {
    const before = last.get(game);
    if (kind === 'event') {
      const expected = before?.epoch === epoch ? before.seq + 1 : 1;
      const detail = `game ${game} epoch ${epoch}: seq ${seq} where ${expected} was due`;
      if (seq > expected) faults.push({ fault: 'gap', player, detail });
      if (seq < expected) faults.push({ fault: 'duplicate', player, detail });
    } else if (before?.epoch === epoch && seq < before.seq) {
      faults.push({ fault: 'duplicate', player, detail: `game ${game}: a snapshot of seq ${seq} after ${before.seq}` });
    }
    last.set(game, { epoch, seq });
  }
  return faults;
}

const place = (game: string, epoch: string, seq: number) => `${game} ${epoch} ${seq}`;

/** All events that anybody saw, by place, and where clients disagree. */
function commonHistory(histories: readonly ClientHistory[]) {
  const events = new Map<string, { game: string; epoch: string; seq: number; event: GameEvent }>();
  const faults: Violation[] = [];
  for (const { player, observed } of histories) {
    for (const observation of observed) {
      if (observation.kind !== 'event') continue;
      const { game, epoch, seq, event } = observation;
      const key = place(game, epoch, seq);
      const known = events.get(key);
      if (!known) events.set(key, { game, epoch, seq, event });
      else if (!isDeepStrictEqual(known.event, event)) {
        const detail = `game ${game} seq ${seq}: ${JSON.stringify(event)} where others saw ${JSON.stringify(known.event)}`;
        faults.push({ fault: 'order', player, detail });
      }
    }
  }
  return { events, faults };
}

/** The state with which the next epoch of a game began; undefined while there is none. */
function laterSnapshots(histories: readonly ClientHistory[]) {
  const first = firstSnapshots(histories);
  const next = new Map<string, string>();
  for (const { observed } of histories) {
    const current = new Map<string, string>();
    for (const { game, epoch } of observed) {
      const before = current.get(game);
      if (before !== undefined && before !== epoch) next.set(`${game} ${before}`, `${game} ${epoch}`);
      current.set(game, epoch);
    }
  }
  return (game: string, epoch: string): GameState | undefined => first.get(next.get(`${game} ${epoch}`) ?? '')?.state;
}

function lostCaptures(histories: readonly ClientHistory[]): Violation[] {
  const { events } = commonHistory(histories);
  const faults: Violation[] = [];
  const first = firstSnapshots(histories);
  const later = laterSnapshots(histories);
  const holds = ({ players, cells }: GameState, cell: number, player: string) =>
    players[cells[cell] ?? FREE]?.id === player;
  for (const { player, acknowledged } of histories) {
    for (const { game, epoch, seq, cell } of acknowledged) {
      const event = events.get(place(game, epoch, seq))?.event;
      const after = later(game, epoch);
      if (after) {
        if (holds(after, cell, player)) continue;
        const detail = `game ${game} seq ${seq}: cell ${cell} was acknowledged, the epoch after ${epoch} began without it`;
        faults.push({ fault: 'lost tail', player, detail });
        continue;
      }
      if (event?.kind === 'captured' && event.player === player && event.cell === cell) continue;
      // Carried over from the epoch before, in which its acknowledgement went missing.
      const begin = first.get(`${game} ${epoch}`);
      if (!event && begin && seq <= begin.seq && holds(begin.state, cell, player)) continue;
      const found = event ? JSON.stringify(event) : 'nothing';
      faults.push({
        fault: 'lost',
        player,
        detail: `game ${game} seq ${seq}: cell ${cell} was acknowledged, ${found} is there`,
      });
    }
  }
  return faults;
}

/** Acknowledged captures that a later state of the same epoch does not have. */
function forgottenCaptures(histories: readonly ClientHistory[]): Violation[] {
  const acknowledged = new Map<string, { player: string; seq: number; cell: number }[]>();
  for (const { player, acknowledged: own } of histories) {
    for (const { game, epoch, seq, cell } of own) {
      const key = `${game} ${epoch}`;
      acknowledged.set(key, [...(acknowledged.get(key) ?? []), { player, seq, cell }]);
    }
  }
  const faults: Violation[] = [];
  for (const observation of histories.flatMap(({ observed }) => observed)) {
    if (observation.kind !== 'snapshot') continue;
    const { game, epoch, state } = observation;
    for (const { player, seq, cell } of acknowledged.get(`${game} ${epoch}`) ?? []) {
      if (seq > observation.seq || state.players[state.cells[cell] ?? FREE]?.id === player) continue;
      const detail = `game ${game} seq ${seq}: cell ${cell} was acknowledged, the state at ${observation.seq} is without it`;
      faults.push({ fault: 'lost', player, detail });
    }
  }
  return faults;
}

/** Where an epoch begins for those who watch: the oldest snapshot anybody had of it. */
function firstSnapshots(histories: readonly ClientHistory[]) {
  const first = new Map<string, Extract<Observation, { kind: 'snapshot' }>>();
  for (const observation of histories.flatMap(({ observed }) => observed)) {
    if (observation.kind !== 'snapshot') continue;
    const key = `${observation.game} ${observation.epoch}`;
    if (observation.seq < (first.get(key)?.seq ?? Infinity)) first.set(key, observation);
  }
  return first;
}

function ownershipFaults(histories: readonly ClientHistory[]): Violation[] {
  const faults: Violation[] = [];
  const snapshots = firstSnapshots(histories);
  const owners = new Map<string, string>();
  const held = new Map<string, Map<number, number>>();
  const seen = new Set(
    [...commonHistory(histories).events.values()].map(({ game, epoch, seq }) => place(game, epoch, seq)),
  );
  for (const [key, { game, epoch, state }] of snapshots) {
    // Whoever saw an epoch's events from the first needs no snapshot of it.
    if (seen.has(place(game, epoch, 1))) continue;
    const scores = new Map<number, number>();
    for (const [cell, seat] of state.cells.entries()) {
      if (seat === FREE) continue;
      owners.set(`${key} cell ${cell}`, state.players[seat]?.id ?? `seat ${seat}`);
      scores.set(seat, (scores.get(seat) ?? 0) + 1);
    }
    held.set(key, scores);
  }
  const events = [...commonHistory(histories).events.values()].sort((a, b) => a.seq - b.seq);
  for (const { game, epoch, seq, event } of events) {
    if (event.kind !== 'captured') continue;
    const key = `${game} ${epoch}`;
    if (!seen.has(place(game, epoch, 1)) && seq <= (snapshots.get(key)?.seq ?? 0)) continue;
    const cell = `${key} cell ${event.cell}`;
    const owner = owners.get(cell);
    if (owner !== undefined) {
      const fault = owner === event.player ? 'applied twice' : 'two owners';
      faults.push({ fault, player: event.player, detail: `${cell} had been captured by ${owner}` });
    }
    owners.set(cell, event.player);
    const scores = held.get(key) ?? new Map<number, number>();
    held.set(key, scores.set(event.seat, (scores.get(event.seat) ?? 0) + 1));
    const counted = event.scores.map((_, seat) => scores.get(seat) ?? 0);
    if (!isDeepStrictEqual(counted, event.scores)) {
      const detail = `game ${game} seq ${seq}: scores ${event.scores.join(',')}, cells held ${counted.join(',')}`;
      faults.push({ fault: 'score', player: event.player, detail });
    }
  }
  return faults;
}

/** One thing of a game's history that came over a socket, in the order it came. */
export type Received =
  /** A new socket, and how far the client knew each game when it was welcomed: from there on it asks. */
  | { kind: 'welcome'; known: readonly { game: string; epoch: string; seq: number }[] }
  | { kind: 'event' | 'snapshot'; game: string; epoch: string; seq: number };

export interface WireFault {
  readonly fault: 'gap' | 'duplicate';
  readonly detail: string;
}

/**
 * What is wrong with what came over the sockets of one client, before it put anything right by itself: on each socket
 * the events of a game follow each other, from where the client stood or from a snapshot.
 */
export function wireFaults(received: readonly Received[]): WireFault[] {
  const faults: WireFault[] = [];
  let last = new Map<string, { epoch: string; seq: number }>();
  for (const item of received) {
    if (item.kind === 'welcome') {
      last = new Map(item.known.map(({ game, epoch, seq }) => [game, { epoch, seq }]));
      continue;
    }
    const { kind, game, epoch, seq } = item;
    const before = last.get(game);
    if (kind === 'event') {
      const expected = before?.epoch === epoch ? before.seq + 1 : 1;
      const detail = `game ${game} epoch ${epoch}: seq ${seq} came over the socket where ${expected} was due`;
      if (seq > expected) faults.push({ fault: 'gap', detail });
      if (seq < expected) faults.push({ fault: 'duplicate', detail });
    }
    last.set(game, { epoch, seq });
  }
  return faults;
}
