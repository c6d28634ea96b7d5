import { isDeepStrictEqual } from 'node:util';
import type { AppCommand } from '../../services/protocol/index.ts';
import type { ClientHistory, Violation } from './history.ts';

export interface SeenEvent {
  readonly at: number;
  // The type is known only to the application.
  readonly event: any;
}

export interface SeenState {
  readonly seq: number;
  readonly state: any;
  readonly player: string;
}

/** A command that was acknowledged to a player. */
export interface Claim {
  readonly player: string;
  readonly seq: number;
  readonly command: AppCommand;
  /** It was acknowledged in the following epoch, as having happened in this one. */
  readonly isCarried: boolean;
}

/** One epoch of a game, from the combined observations of all clients. */
export interface Chapter {
  readonly game: string;
  readonly epoch: string;
  readonly events: ReadonlyMap<number, SeenEvent>;
  /** In the order of their places. */
  readonly states: readonly SeenState[];
  readonly claims: readonly Claim[];
  /** Commands that may have happened here or in another epoch of the game. A command that is found is removed. */
  readonly open: { readonly player: string; readonly command: AppCommand }[];
  /** The epoch that followed. */
  readonly next: Chapter | undefined;
}

interface Draft extends Chapter {
  readonly events: Map<number, SeenEvent>;
  readonly states: SeenState[];
  readonly claims: Claim[];
  next: Draft | undefined;
  previous: Draft | undefined;
}

const keyOf = (game: string, epoch: string) => `${game} ${epoch}`;

/** The games that any client saw, epoch by epoch, and the places where clients saw different events. */
export function chaptersOf(histories: readonly ClientHistory[]): { chapters: Chapter[]; faults: Violation[] } {
  const drafts = new Map<string, Draft>();
  const open = new Map<string, Chapter['open']>();
  const faults: Violation[] = [];
  const draftOf = (game: string, epoch: string): Draft => {
    const known = drafts.get(keyOf(game, epoch));
    if (known) return known;
    if (!open.has(game)) open.set(game, []);
    const [next, previous]: undefined[] = [];
    const draft = { game, epoch, events: new Map(), states: [], claims: [], open: open.get(game)!, next, previous };
    drafts.set(keyOf(game, epoch), draft);
    return draft;
  };
  for (const { player, observed, final } of histories) {
    const current = new Map<string, Draft>();
    for (const item of [...observed, ...final.map((state) => ({ kind: 'snapshot' as const, ...state }))]) {
      const { game, epoch, seq } = item;
      const draft = draftOf(game, epoch);
      const before = current.get(game);
      if (before && before !== draft) [before.next, draft.previous] = [draft, before];
      current.set(game, draft);
      if (item.kind === 'snapshot') draft.states.push({ seq, state: item.state, player });
      else if (!draft.events.has(seq)) draft.events.set(seq, { at: item.at, event: item.event });
      else if (!isDeepStrictEqual(draft.events.get(seq)!.event, item.event)) {
        const others = JSON.stringify(draft.events.get(seq)!.event);
        const detail = `game ${game} seq ${seq}: ${JSON.stringify(item.event)} where others saw ${others}`;
        faults.push({ fault: 'order', player, detail });
      }
    }
  }
  for (const draft of drafts.values()) draft.states.sort((left, right) => left.seq - right.seq);
  for (const { player, acknowledged, open: unknown } of histories) {
    for (const { game, command } of unknown) if (open.has(game)) open.get(game)!.push({ player, command });
    for (const { game, epoch, seq, command } of acknowledged) {
      const first = draftOf(game, epoch);
      let draft = first;
      // The state that an epoch began with happened in the previous one, whose acknowledgement went missing.
      while (draft.previous && !draft.events.has(seq) && seq <= (draft.states[0]?.seq ?? 0)) draft = draft.previous;
      draft.claims.push({ player, seq, command, isCarried: draft !== first });
    }
  }
  return { chapters: [...drafts.values()], faults };
}
