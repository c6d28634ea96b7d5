import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { LOBBY } from '../../services/protocol/index.ts';
import { pause } from '../kit/pause.ts';
import { type Answer, Peer, type PeerSocket, type Place } from './peer.ts';

/** What an attack did and how it was answered: counts by name, and samples of answers as text. */
export interface AttackReport {
  readonly counts: Record<string, number>;
  readonly texts: Record<string, string>;
}

export interface AttackContext extends Place {
  /** Plain HTTP. */
  readonly httpPort: number;
  /** Where the attack comes from; nobody else does. */
  readonly address: string;
  /** A bystander's, for rooms of somebody else. */
  readonly otherAddress: string;
  /**
   * Says that all is prepared. From then on the attack lasts until the signal: for its time, and on a busy machine
   * longer, until it has done enough to be one.
   */
  begin(enough?: () => boolean): AbortSignal;
  /** Kept open until the attack is let go. */
  readonly held: { close(): unknown }[];
}

export interface Attack {
  readonly about: string;
  run(context: AttackContext): Promise<AttackReport>;
}

/** Each bounded: an attack that would grow without end proves nothing more. */
const GUESTS = 60;
const DEAF_PEERS = 40;
const HISTORIES = 40;
const LINES = 50;
const LINES_EACH = 10;
const LONG_LINE = '\u{1f600}'.repeat(500);
const REFUSED_CONNECTIONS = 8;
const PIPELINED = 16;
const MOST_REFUSED = 60_000;
const REFUSED_SILENCE_MS = 5000;
const HALF_OPEN = 450;
/** An attack that has done less is none. */
const ENOUGH = 100;
const ENOUGH_REFUSED = 4000;
const GUESSERS = 20;
const CODE_LETTERS = 'ABCDEFGHJKLMNPQRSTUVWXYZ23456789';

class Counts {
  readonly counts: Record<string, number> = {};
  readonly texts: Record<string, string> = {};
  sum(...names: readonly string[]): number {
    return names.reduce((sum, name) => sum + (this.counts[name] ?? 0), 0);
  }
  add(name: string, by = 1): void {
    this.counts[name] = (this.counts[name] ?? 0) + by;
  }
}

const randomCode = () =>
  Array.from({ length: 6 }, () => CODE_LETTERS[Math.floor(Math.random() * CODE_LETTERS.length)]).join('');
/** So many at once, each again and again until the signal. */
const together = async (count: number, until: AbortSignal, one: (index: number) => Promise<void>) => {
  await Promise.all(
    Array.from({ length: count }, async (_, index) => {
      while (!until.aborted) await one(index).catch(() => pause(50));
    }),
  );
};

/** Hundreds of guests of one address create games and leave them at once. */
const createAndLeave: Attack = {
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
    await together(GUESTS, until, async () => {
      const guest = waiting.pop() ?? (await peer.guest());
      if (!guest) {
        tally.add('guests refused');
        return pause(100, until);
      }
      tally.add('guests');
      try {
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
      } finally {
        await guest.close();
      }
    });
    await Promise.all(waiting.map((guest) => guest.close()));
    return tally;
  },
};

/** Requests that nobody answers well, as fast as one client can send them: each may cost a line of log. */
const refusedRequests: Attack = {
  about: 'one client without a session sends requests that are refused',
  run: async ({ port, ca, address, begin }) => {
    const tally = new Counts();
    const until = begin(() => tally.sum('answered') >= ENOUGH_REFUSED);
    const paths = ['/readyz/', '/nowhere/', '/ws?'].map((start) => start + 'x'.repeat(900));
    const requests = Array.from(
      { length: PIPELINED },
      (_, index) => `GET ${paths[index % paths.length]} HTTP/1.1\r\nHost: localhost:${port}\r\n\r\n`,
    ).join('');
    await together(REFUSED_CONNECTIONS, until, async () => {
      await new Promise<void>((resolve) => {
        // The types of TLS leave out that the source address may be chosen.
        const from = { host: '127.0.0.1', port, localAddress: address };
        const socket = connectTls({ ...from, servername: 'localhost', ca, ALPNProtocols: ['http/1.1'] });
        let owed = 0;
        const isOver = () => until.aborted || (tally.counts['answered'] ?? 0) >= MOST_REFUSED;
        // What was sent is answered and counted before it ends, so that both sides come to the same number.
        const next = () => {
          if (owed > 0) return;
          if (isOver()) return void socket.destroy();
          owed += PIPELINED;
          socket.write(requests);
        };
        let rest = '';
        socket.setTimeout(REFUSED_SILENCE_MS, () => socket.destroy());
        socket.on('secureConnect', next).on('data', (chunk: Buffer) => {
          const text = rest + chunk.toString('latin1');
          const answers = [...text.matchAll(/HTTP\/1\.1 (\d{3})/g)];
          for (const [, status] of answers) tally.add(`status ${status}`);
          tally.add('answered', answers.length);
          owed -= answers.length;
          // The head of an answer may be cut in two.
          const last = answers.at(-1);
          rest = text.slice(Math.max(last === undefined ? 0 : last.index + last[0].length, text.length - 11));
          next();
        });
        socket.on('error', () => tally.add('connections broken'));
        socket.on('close', () => {
          if (owed > 0) tally.add('unanswered', owed);
          resolve();
        });
      });
      if ((tally.counts['answered'] ?? 0) >= MOST_REFUSED) await pause(60_000, until);
    });
    return tally;
  },
};

/** Peers that ask for long histories and never read them. They stay until they are let go. */
const deafPeers: Attack = {
  about: 'peers ask for histories and never read',
  run: async (context) => {
    const tally = new Counts();
    const speakers = new Peer(context, context.otherAddress);
    for (let said = 0; said < LINES; said += LINES_EACH) {
      const speaker = await speakers.guest();
      await speaker?.request({ type: 'subscribe', channel: LOBBY });
      for (let line = 0; speaker && line < LINES_EACH; line += 1) {
        const { code } = await speaker.request({ type: 'chat', channel: LOBBY, text: LONG_LINE });
        if (code === 'ack') tally.add('lines');
      }
      await speaker?.close();
    }
    speakers.close();
    const peer = new Peer(context, context.address);
    context.held.push(peer);
    let isDone = false;
    const until = context.begin(() => isDone);
    for (let index = 0; index < DEAF_PEERS; index += 1) {
      const one = await peer.guest();
      if (!one) {
        tally.add('guests refused');
        continue;
      }
      tally.add('peers');
      context.held.push(one);
      one.pause();
      for (let asked = 0; asked < HISTORIES; asked += 1) {
        one.send({ type: 'subscribe', id: `h${asked}`, channel: LOBBY });
        tally.add('histories asked for');
      }
    }
    isDone = true;
    await pause(60_000, until);
    return tally;
  },
};

/** One player who comes back on another replica whenever this one has had enough. */
const roamingPlayer: Attack = {
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
        socket.request({ type: 'chat', channel: LOBBY, text: 'again' }),
      );
      for (const { code } of await Promise.all(lines)) tally.add(code === 'ack' ? 'lines' : code);
      for (let refused = false; !refused && !until.aborted; ) {
        // So many games one connection may be in.
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
      // What this replica gives, it gives once.
      if (!replicas.has(socket.replica)) await exploit(socket);
      replicas.add(socket.replica);
      await socket.close();
    }
    tally.add('replicas', replicas.size);
    tally.add('milliseconds', Math.round(performance.now() - began));
    return tally;
  },
};

/** Guests who try codes of rooms, and what tells a room of others from none. */
const codeGuessing: Attack = {
  about: 'codes of rooms are guessed',
  run: async (context) => {
    const tally = new Counts();
    const peer = new Peer(context, context.address);
    const others = new Peer(context, context.otherAddress);
    context.held.push(peer, others);
    const [host, guest] = [await others.guest(), await others.guest()];
    const game = (await host?.request({ type: 'create', players: 2, seconds: 60, size: 16 }))?.game;
    if (game !== undefined) await guest?.request({ type: 'join', game });
    // From elsewhere: the attacker's address may be shut out by what it tried before.
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
    await together(GUESSERS, until, async () => {
      const guesser = await peer.guest();
      if (!guesser) {
        tally.add('guests refused');
        return pause(100, until);
      }
      tally.add('guests');
      try {
        for (let refusals = 0; !until.aborted && refusals < 3; ) {
          const answers = await Promise.all(
            Array.from({ length: 20 }, () => guesser.request({ type: 'join', game: randomCode() })),
          );
          for (const { code } of answers) tally.add(code);
          const guesses = answers.filter(({ code }) => code === 'game_not_found' || code === 'ack').length;
          tally.add('guesses', guesses);
          if (guesses < answers.length / 2) refusals += 1;
        }
      } finally {
        await guesser.close();
      }
    });
    tally.add('milliseconds', Math.round(performance.now() - began));
    await Promise.all([host?.close(), guest?.close()]);
    return tally;
  },
};

/** Connections to the plain port whose request never ends. */
const halfOpenRequests: Attack = {
  about: 'half-open requests on the plain HTTP port',
  run: async ({ httpPort, address, begin }) => {
    const tally = new Counts();
    const open = () =>
      new Promise<Socket>((resolve, reject) => {
        const socket = connect({ host: '127.0.0.1', port: httpPort, localAddress: address });
        socket.on('connect', () => {
          tally.add('opened');
          socket.write('GET / HTTP/1.1\r\nHost: localhost\r\nX-Slow: ');
          resolve(socket);
        });
        socket.on('data', () => undefined).on('error', reject);
      });
    const first = await Promise.allSettled(Array.from({ length: HALF_OPEN }, open));
    const sockets = new Set(first.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : [])));
    const until = begin(() => tally.sum('opened') >= HALF_OPEN);
    // What the edge closes is opened again.
    await together(HALF_OPEN, until, async () => {
      const socket = [...sockets].find((one) => !one.destroyed && sockets.delete(one)) ?? (await open());
      if (!socket.destroyed) await once(socket, 'close', { signal: until }).catch(() => socket.destroy());
      tally.add('ended');
      await pause(100, until);
    });
    return tally;
  },
};

export const ATTACKS = {
  createAndLeave,
  refusedRequests,
  roamingPlayer,
  codeGuessing,
  halfOpenRequests,
  deafPeers,
} satisfies Record<string, Attack>;
export type AttackName = keyof typeof ATTACKS;
export const ATTACK_NAMES = Object.keys(ATTACKS) as AttackName[];
