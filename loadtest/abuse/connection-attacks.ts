// Attacks on the edge, by connections that do not behave.
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { LOBBY } from '../../services/apps/grid/grid.ts';
import { pause } from '../kit/pause.ts';
import { type Attack, Counts, LINES_EACH, together } from './attack.ts';
import { Peer } from './peer.ts';

/** Each bounded: an attack that would grow without end proves nothing more. */
const DEAF_PEERS = 40;
const HISTORIES = 40;
const LINES = 50;
const LONG_LINE = '\u{1f600}'.repeat(500);
const REFUSED_CONNECTIONS = 8;
const PIPELINED = 16;
const MOST_REFUSED = 60_000;
/** An attack that has done less is none. */
const ENOUGH_REFUSED = 4000;
const REFUSED_SILENCE_MS = 5000;
const HALF_OPEN = 450;
/** The pause after being cut off. These peers hold places; they do not flood, which the rate of connections bounds. */
const AGAIN_MS = 1000;

/** Requests that are refused, as fast as one client can send them. Each may cost a line of log. */
export const refusedRequests: Attack = {
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
        // All messages are answered and counted before it ends, so that both sides count the same.
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

/** Peers that ask for long histories and never read them. They stay until they are released. */
export const deafPeers: Attack = {
  about: 'peers ask for histories and never read',
  run: async (context) => {
    const tally = new Counts();
    const speakers = new Peer(context, context.otherAddress);
    for (let said = 0; said < LINES; said += LINES_EACH) {
      const speaker = await speakers.guest();
      await speaker?.request({ type: 'subscribe', channel: LOBBY });
      for (let line = 0; speaker && line < LINES_EACH; line += 1) {
        const { code } = await speaker.request({ type: 'publish', channel: LOBBY, data: { text: LONG_LINE } });
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

/** Connections to the plain port whose request never ends. */
export const halfOpenRequests: Attack = {
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
        socket
          .on('data', () => undefined)
          .on('error', (error) => {
            // The edge may cut it off before it is seen to be open.
            tally.add('cut off');
            reject(error);
          });
      });
    const first = await Promise.allSettled(Array.from({ length: HALF_OPEN }, open));
    const sockets = new Set(first.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : [])));
    const until = begin(() => tally.sum('opened', 'cut off') >= HALF_OPEN);
    // Opens again each connection that the edge closes.
    await together(HALF_OPEN, until, async () => {
      const held = [...sockets].find((one) => !one.destroyed && sockets.delete(one));
      const socket = held ?? (await open().catch(() => undefined));
      if (socket === undefined) return pause(AGAIN_MS, until);
      if (!socket.destroyed) await once(socket, 'close', { signal: until }).catch(() => socket.destroy());
      tally.add('ended');
      await pause(100, until);
    });
    return tally;
  },
};
