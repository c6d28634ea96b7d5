import * as v from 'valibot';
import { PlayerId, PlayerRef, type RoomType } from '../../protocol/index.ts';

const Settings = v.strictObject({
  step: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(100)), 1),
});
const Command = v.variant('kind', [
  v.strictObject({ kind: v.literal('add'), times: v.pipe(v.number(), v.integer(), v.minValue(-9), v.maxValue(9)) }),
  v.strictObject({ kind: v.literal('reset') }),
]);
const Event = v.variant('kind', [
  v.object({ kind: v.literal('opened'), step: v.number() }),
  v.object({ kind: v.literal('joined'), player: PlayerRef }),
  v.object({ kind: v.literal('left'), player: PlayerId }),
  v.object({ kind: v.literal('added'), player: PlayerId, amount: v.number() }),
  v.object({ kind: v.literal('cleared'), player: PlayerId }),
  v.object({ kind: v.literal('closed') }),
]);
const State = v.object({
  step: v.number(),
  value: v.number(),
  players: v.array(PlayerRef),
  closed: v.optional(v.literal(true)),
});
export type CounterSettings = v.InferOutput<typeof Settings>;
export type CounterCommand = v.InferOutput<typeof Command>;
export type CounterEvent = v.InferOutput<typeof Event>;
export type CounterState = v.InferOutput<typeof State>;

/** A number that everybody in the room adds to. It goes on until an operator closes it. */
export const counter: RoomType<CounterSettings, CounterState, CounterCommand, CounterEvent> = {
  name: 'counter',
  refusals: {},
  settings: Settings,
  command: Command,
  event: Event,
  state: State,
  decide(state, command, { player }) {
    if (command.kind === 'deadline') return { events: [] };
    const { id, name } = player!;
    const joined = { kind: 'joined', player: { id, name } } as const;
    if (command.kind === 'create') return { events: [{ kind: 'opened', step: command.settings.step }, joined] };
    if (state!.closed) return command.kind === 'leave' ? { events: [] } : { events: [], refusal: 'game_over' };
    if (command.kind === 'join') return { events: [joined] };
    if (command.kind === 'reset') return { events: [{ kind: 'cleared', player: id }] };
    if (command.kind === 'leave') return { events: [{ kind: 'left', player: id }] };
    return { events: [{ kind: 'added', player: id, amount: command.times * state!.step }] };
  },
  evolve(state, event) {
    if (event.kind === 'opened') return { step: event.step, value: 0, players: [] };
    if (event.kind === 'joined') return { ...state!, players: [...state!.players, event.player] };
    if (event.kind === 'cleared') return { ...state!, value: 0 };
    if (event.kind === 'closed') return { ...state!, closed: true };
    if (event.kind === 'left') return { ...state!, players: state!.players.filter(({ id }) => id !== event.player) };
    return { ...state!, value: state!.value + event.amount };
  },
  close: () => [{ kind: 'closed' }],
  members: ({ players }) => players,
  deadline: () => undefined,
  isOver: ({ closed }) => closed === true,
  isOpen: ({ closed }) => closed !== true,
  isPublic: () => true,
  matching: { key: ({ step }) => `${step}`, seats: () => 100 },
};
