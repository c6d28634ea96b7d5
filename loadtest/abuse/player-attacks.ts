// Attacks by requests that any player may make.
import { LOBBY } from '../../services/apps/grid/grid.ts';
import { pause } from '../kit/pause.ts';
import { type Attack, Counts, ENOUGH, LINES_EACH, together } from './attack.ts';
import { type Answer, Peer, type PeerSocket } from './peer.ts';

/** Each bounded: an attack that would grow without end proves nothing more. */
const GUESTS = 60;
const GUESSERS = 20;
const CODE_LETTERS = 'ABCDEFGHJKLMNPQRSTUVWXYZ23456789';

const randomCode = () =>
  Array.from({ length: 6 }, () => CODE_LETTERS[Math.floor(Math.random() * CODE_LETTERS.length)]).join('');

/** Runs an action as a guest, who leaves afterwards. Waits a moment when the cluster refuses guests. */
async function asGuest(
  guest: PeerSocket | undefined,
  tally: Counts,
  until: AbortSignal,
  work: (guest: PeerSocket) => Promise<void>,
): Promise<void> {
  if (!guest) {
    tally.add('guests refused');
    return pause(100, until);
  }
  tally.add('guests');
  await work(guest).finally(() => guest.close());
}

/** Hundreds of guests of one address create games and leave them at once. */
export const createAndLeave: Attack = {
  about: 'hundreds of guests of one address create games and leave them',
  run: async (context) => {
    const tally = new Counts();
    const peer = new Peer(context, context.address);
    context.held.push(peer);
    const waiting = (await Promise.all(Array.from({ length: GUESTS }, () => peer.guest()))).filter(
      (guest) => guest !== undefined,
    );
    tally.add('guests', waiting.length);
    tally.add('guests refused', GUESTS - waiting.length);
    const until = context.begin(() => tally.sum('created', 'rate_limited', 'unavailable', 'guests refused') >= ENOUGH);
    const createUntilRefused = async (guest: PeerSocket) => {
      for (let refusals = 0; !until.aborted && refusals < 3; ) {
        const { code, game, retryAfterMs = 0 } = await guest.request({ type: 'create', players: 2 });
        tally.add(code === 'ack' ? 'created' : code);
        if (code === 'lost') return;
        if (code === 'ack') await guest.request({ type: 'leave', game });
        else {
          refusals += 1;
          await pause(Math.min(200, retryAfterMs), until);
        }
      }
    };
    await together(GUESTS, until, async () =>
      asGuest(waiting.pop() ?? (await peer.guest()), tally, until, createUntilRefused),
    );
    await Promise.all(waiting.map((guest) => guest.close()));
    return tally;
  },
};

/** One player who reconnects to another replica whenever the current one refuses more. */
export const roamingPlayer: Attack = {
  about: 'one player reconnects to other replicas to escape limits',
  run: async (context) => {
    const tally = new Counts();
    const peer = new Peer(context, context.address);
    context.held.push(peer);
    const token = await peer.session();
    const replicas = new Set<string>();
    const until = context.begin(() => replicas.size > 1 && tally.sum('sockets', 'sockets refused') >= ENOUGH);
    const began = performance.now();
    const exploit = async (socket: PeerSocket) => {
      await socket.request({ type: 'subscribe', channel: LOBBY });
      const lines = Array.from({ length: LINES_EACH + 2 }, () =>
        socket.request({ type: 'publish', channel: LOBBY, data: { text: 'again' } }),
      );
      for (const { code } of await Promise.all(lines)) tally.add(code === 'ack' ? 'lines' : code);
      for (let refused = false; !refused && !until.aborted; ) {
        // The number of games that one connection may be in.
        const created = await Promise.all(
          Array.from({ length: 8 }, () => socket.request({ type: 'create', players: 2 })),
        );
        for (const { code } of created) tally.add(code === 'ack' ? 'created' : code);
        refused = created.some(({ code }) => code !== 'ack');
        await Promise.all(
          created.map(({ game }) => (game === undefined ? undefined : socket.request({ type: 'leave', game }))),
        );
      }
    };
    while (token !== undefined && !until.aborted) {
      const socket = await peer.socket(token);
      tally.add(socket ? 'sockets' : 'sockets refused');
      if (!socket) {
        await pause(20, until);
        continue;
      }
      // The allowance of this replica, which counts once.
      if (!replicas.has(socket.replica)) await exploit(socket);
      replicas.add(socket.replica);
      await socket.close();
    }
    tally.add('replicas', replicas.size);
    tally.add('milliseconds', Math.round(performance.now() - began));
    return tally;
  },
};

/** Guests who guess codes of rooms, and the difference between the room of another player and a missing one. */
export const codeGuessing: Attack = {
  about: 'codes of rooms are guessed',
  run: async (context) => {
    const tally = new Counts();
    const peer = new Peer(context, context.address);
    const others = new Peer(context, context.otherAddress);
    context.held.push(peer, others);
    const [host, guest] = [await others.guest(), await others.guest()];
    const game = (await host?.request({ type: 'create', players: 2, seconds: 60, size: 16 }))?.game;
    if (game !== undefined) await guest?.request({ type: 'join', game });
    // From another address, because the attacker's may be blocked for its earlier guesses.
    const asker = await others.guest();
    if (asker && game !== undefined) {
      const requests = [
        { type: 'capture', cell: 0 },
        { type: 'resume', epoch: 'e'.repeat(8), seq: 1 },
        { type: 'leave' },
        { type: 'watch' },
      ];
      for (const request of requests) {
        const [foreign, unknown] = [
          await asker.request({ ...request, game }),
          await asker.request({ ...request, game: randomCode() }),
        ];
        const shown = ({ code, message }: Answer) => `${code}: ${message}`.replaceAll(/\b[A-Z2-9]{6}\b/g, 'CODE');
        tally.add('answers compared');
        if (shown(foreign) === shown(unknown)) continue;
        tally.add('answers that differ');
        tally.texts[request.type] = `${shown(foreign)} | ${shown(unknown)}`;
      }
    }
    await asker?.close();
    const until = context.begin(() => tally.sum('guesses', 'rate_limited', 'guests refused') >= ENOUGH);
    const began = performance.now();
    const guessUntilRefused = async (guesser: PeerSocket) => {
      for (let refusals = 0; !until.aborted && refusals < 3; ) {
        const answers = await Promise.all(
          Array.from({ length: 20 }, () => guesser.request({ type: 'join', game: randomCode() })),
        );
        for (const { code } of answers) tally.add(code);
        const guesses = answers.filter(({ code }) => code === 'game_not_found' || code === 'ack').length;
        tally.add('guesses', guesses);
        if (guesses < answers.length / 2) refusals += 1;
      }
    };
    await together(GUESSERS, until, async () => asGuest(await peer.guest(), tally, until, guessUntilRefused));
    tally.add('milliseconds', Math.round(performance.now() - began));
    await Promise.all([host?.close(), guest?.close()]);
    return tally;
  },
};
