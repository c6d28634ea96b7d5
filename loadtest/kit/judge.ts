import { isDeepStrictEqual } from 'node:util';
import type { AnyRoomType, AppCommand, KernelCommand, PlayerRef } from '../../services/protocol/index.ts';
import type { AppUnderTest } from './apps/app-under-test.ts';
import type { Chapter, Claim, SeenState } from './chapters.ts';
import type { Fault, Violation } from './history.ts';

/**
 * Replays each epoch by the rules of the application, and compares. Every seen state must follow from the events before
 * it, every acknowledged command must be at its place, and every event must have one cause.
 */
export function judge(chapters: readonly Chapter[], players: readonly PlayerRef[], app: AppUnderTest): Violation[] {
  return chapters.flatMap((chapter) => new Replay(chapter, players, app).run());
}

class Replay {
  readonly #chapter: Chapter;
  readonly #players: ReadonlyMap<string, PlayerRef>;
  readonly #app: AppUnderTest;
  readonly #type: AnyRoomType;
  readonly #faults: Violation[] = [];
  /** The state after each event, as far as it is known. */
  readonly #states = new Map<number, any>();
  /** Claims whose event is at their place. */
  readonly #found = new Set<Claim>();
  readonly #claims = new Map<number, Claim[]>();
  /** Claims of later epochs that explain an event of this one: each explains one. */
  readonly #redone = new Set<Claim>();

  constructor(chapter: Chapter, players: readonly PlayerRef[], app: AppUnderTest) {
    this.#chapter = chapter;
    this.#players = new Map(players.map((player) => [player.id, player]));
    this.#app = app;
    this.#type = app.type;
    for (const claim of chapter.claims) {
      this.#claims.set(claim.seq, [...(this.#claims.get(claim.seq) ?? []), claim]);
    }
  }

  run(): Violation[] {
    this.#replay();
    for (const claim of this.#chapter.claims) this.#check(claim);
    return this.#faults;
  }

  #replay(): void {
    const { events, states } = this.#chapter;
    const last = Math.max(0, ...events.keys(), ...states.map(({ seq }) => seq));
    let isKnown = events.has(1);
    let state: any;
    let causedTo = 0;
    let next = 0;
    for (let seq = isKnown ? 0 : (states[0]?.seq ?? last); seq <= last; seq++) {
      for (; (states[next]?.seq ?? Infinity) <= seq; next++) {
        const seen = states[next]!;
        if (!isKnown) [state, isKnown] = [seen.state, true];
        else if (!isDeepStrictEqual(seen.state, state)) this.#differs(seen);
      }
      if (isKnown) this.#states.set(seq, state);
      const following = events.get(seq + 1);
      if (following === undefined) isKnown = false;
      if (!following || !isKnown) continue;
      if (causedTo <= seq) causedTo = seq + this.#cause(seq + 1, state);
      try {
        state = this.#type.evolve(state, following.event, following.at);
      } catch (error) {
        isKnown = false;
        this.#fault('rule', 'all', `seq ${seq + 1}: the event cannot follow: ${(error as Error).message}`);
      }
    }
  }

  /** Finds the command behind the event at that place, and the number of events it caused. */
  #cause(seq: number, state: any): number {
    const { events, open, claims } = this.#chapter;
    const { at, event } = events.get(seq)!;
    const eventsOf = (command: AppCommand | KernelCommand<unknown>, player?: string): number => {
      try {
        const decided = this.#type.decide(state, command, {
          now: at,
          player: player && this.#players.get(player),
        } as never);
        const isThere = (one: unknown, index: number) =>
          !events.has(seq + index) || isDeepStrictEqual(events.get(seq + index)!.event, one);
        return decided.events.every(isThere) ? decided.events.length : 0;
      } catch {
        return 0;
      }
    };
    let count = 0;
    for (const claim of this.#claims.get(seq) ?? []) {
      const own = eventsOf(claim.command, claim.player);
      if (own === 0) continue;
      if (count === 0) this.#found.add(claim);
      count ||= own;
    }
    if (count > 0) return count;
    for (const [index, { command, player }] of open.entries()) {
      count = eventsOf(command, player);
      if (count === 0) continue;
      open.splice(index, 1);
      return count;
    }
    // Events that a room begins with, until it has a member.
    if (state === undefined || this.#type.members(state).length === 0) return 1;
    for (const kind of ['join', 'leave'] as const) {
      for (const player of this.#players.keys()) {
        count = eventsOf({ kind }, player);
        if (count > 0) return count;
      }
    }
    count = eventsOf({ kind: 'deadline' });
    if (count > 0) return count;
    // It was lost with the end of the epoch before it was acknowledged, and done again in a later one.
    for (const claim of this.#laterClaims()) {
      count = this.#redone.has(claim) ? 0 : eventsOf(claim.command, claim.player);
      if (count === 0) continue;
      this.#redone.add(claim);
      return count;
    }
    const repeated = claims.find(({ command, player }) => eventsOf(command, player) > 0);
    const text = JSON.stringify(event);
    if (repeated) this.#fault('applied twice', repeated.player, `seq ${seq}: ${text} comes again`);
    else this.#fault('unasked', 'all', `seq ${seq}: nobody asked for ${text}`);
    return 1;
  }

  /** Commands acknowledged after this epoch, even if no client saw the event at their place. */
  #laterClaims(): Claim[] {
    const claims = this.#chapter.claims.filter(({ isCarried }) => isCarried);
    for (let later = this.#chapter.next; later; later = later.next) claims.push(...later.claims);
    return claims;
  }

  /** A state that a client saw differs from the one that the events give. */
  #differs({ seq, state, player }: SeenState): void {
    const earlier = [...this.#states].find(([, one]) => isDeepStrictEqual(one, state))?.[0];
    const gone = this.#chapter.claims.filter((claim) => claim.seq <= seq && claim.seq > (earlier ?? seq));
    if (gone.length === 0) this.#fault('state', player, `seq ${seq}: the state is not what the events give`);
    for (const claim of gone) {
      const detail = `seq ${claim.seq}: ${textOf(claim)} was acknowledged, the state at ${seq} is without it`;
      this.#fault('lost', claim.player, detail);
    }
  }

  #check(claim: Claim): void {
    const { events, next, states } = this.#chapter;
    const { seq, player, isCarried } = claim;
    const begin = next?.states[0];
    const isWhole = begin !== undefined && isDeepStrictEqual(this.#states.get(begin.seq), begin.state);
    const isGone = (state: any) => this.#app.holds?.(state, claim.command, player) === false;
    if (events.has(seq) && this.#states.has(seq - 1) && !this.#isThere(claim)) {
      // Where an end was lost, another event took this place before any client looked.
      if (isCarried && begin && !isGone(begin.state)) return;
      const found = JSON.stringify(events.get(seq)!.event);
      return this.#fault('lost', player, `seq ${seq}: ${textOf(claim)} was acknowledged, ${found} is there`);
    }
    if (begin) {
      const isLost = seq > begin.seq || (!isWhole && isGone(begin.state));
      if (!isLost) return;
      const detail = `seq ${seq}: ${textOf(claim)} was acknowledged, the epoch after began without it`;
      // A command that the epoch itself acknowledged as done before does not count as announced lost.
      return this.#fault(isCarried ? 'lost' : 'lost tail', player, detail);
    }
    if (events.has(seq)) return;
    // A later state has it, or no observation can show whether it does.
    const later = states.find((state) => state.seq >= seq);
    if (later && !isGone(later.state)) return;
    this.#fault('lost', player, `seq ${seq}: ${textOf(claim)} was acknowledged, nothing is there`);
  }

  /** Its event is there, or the command has no effect at its place. */
  #isThere(claim: Claim): boolean {
    if (this.#found.has(claim)) return true;
    const { seq, command, player } = claim;
    if (!this.#states.has(seq)) return false;
    const context = { now: this.#chapter.events.get(seq)!.at, player: this.#players.get(player) };
    const { events, refusal } = this.#type.decide(this.#states.get(seq), command, context);
    return events.length === 0 && refusal === undefined;
  }

  #fault(fault: Fault, player: string, detail: string): void {
    const { game, epoch } = this.#chapter;
    this.#faults.push({ fault, player, detail: `game ${game} epoch ${epoch} ${detail}` });
  }
}

const textOf = ({ command }: Claim): string => JSON.stringify(command);
