import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import * as v from 'valibot';
import { PlayerId, PlayerRef, type RoomType } from '../../protocol/index.ts';
import { startAuthorities, type TestAuthorities } from '../testing/authorities.ts';
import { DESIGNS } from '../testing/replica.ts';
import type { GameAuthority, View } from './game-authority.ts';
import { roomKeys } from './room-log.ts';

const Command = v.variant('kind', [
  v.strictObject({ kind: v.literal('write'), text: v.string() }),
  v.strictObject({ kind: v.literal('fill'), times: v.number() }),
  v.strictObject({ kind: v.literal('say'), text: v.string() }),
]);
const Event = v.variant('kind', [
  v.object({ kind: v.literal('opened') }),
  v.object({ kind: v.literal('joined'), player: PlayerRef }),
  v.object({ kind: v.literal('left'), player: PlayerId }),
  v.object({ kind: v.literal('written'), text: v.string() }),
  v.object({ kind: v.literal('filled'), times: v.number() }),
  v.object({ kind: v.literal('said'), text: v.string() }),
]);
const State = v.object({ players: v.array(PlayerRef), texts: v.array(v.string()) });
const LINE = 'x'.repeat(100);
type Note = v.InferOutput<typeof State>;

/** A written or dropped text is kept in the state; a spoken text is only an event. */
const notes: RoomType<object, Note, v.InferOutput<typeof Command>, v.InferOutput<typeof Event>> = {
  name: 'notes',
  refusals: {},
  settings: v.object({}),
  command: Command,
  event: Event,
  state: State,
  decide(_state, command, { player }) {
    const { id, name } = player!;
    switch (command.kind) {
      case 'create':
        return { events: [{ kind: 'opened' }, { kind: 'joined', player: { id, name } }] };
      case 'join':
        return { events: [{ kind: 'joined', player: { id, name } }] };
      case 'leave':
        return { events: [{ kind: 'left', player: id }] };
      case 'write':
        return { events: [{ kind: 'written', text: command.text }] };
      case 'fill':
        return { events: [{ kind: 'filled', times: command.times }] };
      case 'say':
        return { events: [{ kind: 'said', text: command.text }] };
      default:
        return { events: [] };
    }
  },
  evolve(state, event) {
    const { players, texts } = state ?? { players: [], texts: [] };
    if (event.kind === 'joined') return { players: [...players, event.player], texts };
    if (event.kind === 'left')
      return { players: players.filter(({ id }) => id !== event.player), texts: [...texts, LINE] };
    if (event.kind === 'written') return { players, texts: [...texts, event.text] };
    if (event.kind === 'filled') return { players, texts: [...texts, ...Array<string>(event.times).fill(LINE)] };
    return { players, texts };
  },
  members: ({ players }) => players,
  deadline: () => undefined,
  isOver: () => false,
  isOpen: () => true,
  isPublic: () => true,
  matching: { key: () => '', seats: () => 100 },
};

const BOUNDS = { stateBytes: 4000, historyEvents: 10_000, historyBytes: 20_000 };
let authorities: TestAuthorities;
before(async () => {
  authorities = await startAuthorities(notes, { bounds: BOUNDS });
});
after(() => authorities?.stop());

const ADA = { player: { id: 'ada', name: 'Ada' }, generation: 1 };
const BOB = { player: { id: 'bob', name: 'Bob' }, generation: 1 };
let count = 0;
const id = () => `r${(count += 1)}`;
const codeOf = (attempt: Promise<unknown>) =>
  attempt.then(
    () => 'ok',
    ({ code }: { code: string }) => code,
  );

for (const design of DESIGNS) {
  describe(design, () => {
    const opened = async () => {
      const authority = authorities.of(design);
      const { game } = await authority.create(ADA, id(), {});
      return { authority, room: game };
    };
    const act = (authority: GameAuthority, room: string, kind: string) =>
      authority.act(ADA, id(), room, { kind, text: LINE });
    /** Writes until the room refuses more, and returns how many texts it took. */
    const fill = async (authority: GameAuthority, room: string) => {
      for (let written = 0; written < 200; written += 1) {
        const code = await codeOf(act(authority, room, 'write'));
        if (code !== 'ok') return { written, code };
      }
      return { written: 200, code: 'ok' };
    };

    test('a command that would make the state too large is refused, and the room goes on', async () => {
      const { authority, room } = await opened();
      const { written, code } = await fill(authority, room);
      assert.equal(code, 'room_too_large');
      const perText = LINE.length + 3;
      const most = Math.floor(BOUNDS.stateBytes / perText);
      assert.ok(written <= most && written >= most - 2, `${written} texts of ${perText} were written`);
      assert.equal(await codeOf(act(authority, room, 'say')), 'ok');
    });

    test('a player can leave a room that is too large, but nobody can join it', async () => {
      const { authority, room } = await opened();
      await fill(authority, room);
      const seen = await authority.watch('eve', room, { epoch: 'none', seq: 0 });
      const rest = BOUNDS.stateBytes - JSON.stringify((seen as { view: View }).view.state).length;
      await codeOf(authority.act(ADA, id(), room, { kind: 'write', text: 'x'.repeat(Math.max(0, rest - 10)) }));
      assert.equal(await codeOf(authority.join(BOB, id(), room)), 'room_too_large');
      assert.equal(await codeOf(authority.leave(ADA, id(), room)), 'ok');
    });

    test('small events that make a large state are also refused, once a snapshot shows its size', async () => {
      const { authority, room } = await opened();
      await authority.act(ADA, id(), room, { kind: 'fill', times: 37 });
      for (let turn = 0; turn < 3; turn += 1) {
        await Promise.all(Array.from({ length: 64 }, () => act(authority, room, 'say')));
      }
      assert.equal(await codeOf(authority.act(ADA, id(), room, { kind: 'fill', times: 1 })), 'ok');
      assert.equal(await codeOf(authority.act(ADA, id(), room, { kind: 'fill', times: 1 })), 'room_too_large');
    });

    test('the kept history is bounded, however large the events are', async () => {
      const { authority, room } = await opened();
      for (let turn = 0; turn < 10; turn += 1) {
        await Promise.all(Array.from({ length: 64 }, () => act(authority, room, 'say')));
      }
      const { redis } = authorities;
      const entries = await redis.xrange(roomKeys(room).events, '-', '+');
      const bytes = entries.reduce((sum, [, fields]) => sum + fields[1]!.length, 0);
      // The bound holds for the last snapshot, after which up to two times 64 events came.
      assert.ok(bytes <= BOUNDS.historyBytes + 128 * 250, `${bytes} bytes of ${entries.length} events are kept`);
      assert.ok(bytes >= BOUNDS.historyBytes / 2, `${bytes} bytes of ${entries.length} events are kept`);
    });
  });
}
