// The tutorial's server: every message goes as JSON through one pub/sub channel to every replica, and each picks what
// its own sockets get. FAULT plants a fault, to see it reported: drop, duplicate or late.
import { createServer } from 'node:http';
import { Redis } from 'ioredis';
import { type WebSocket, WebSocketServer } from 'ws';

const CHANNEL = 'messages';
/** Every so-many-th message to a socket suffers the fault. */
const FAULTY = 50;
const LATE_MS = 1100;
const { NAME = '', PORT = '0', REDIS_URL = '', FAULT } = process.env;

interface Message {
  type: 'join' | 'move' | 'say';
  game: string;
}

const publisher = new Redis(REDIS_URL);
const subscriber = new Redis(REDIS_URL);
const gamesOf = new Map<WebSocket, Set<string>>();
// Not the same message on every replica.
let count = 7 * Number(/\d*$/.exec(NAME)![0]);

function deliver(socket: WebSocket, text: string): void {
  count += 1;
  const isFaulty = FAULT !== undefined && count % FAULTY === 0;
  if (isFaulty && FAULT === 'drop') return;
  if (isFaulty && FAULT === 'late') {
    setTimeout(() => socket.send(text), LATE_MS);
    return;
  }
  socket.send(text);
  if (isFaulty && FAULT === 'duplicate') socket.send(text);
}

await subscriber.subscribe(CHANNEL);
subscriber.on('message', (_channel, text) => {
  const { message } = JSON.parse(text) as { replica: string; message: Message };
  const answer = JSON.stringify(message);
  for (const [socket, games] of gamesOf) {
    if (message.type === 'say' || games.has(message.game)) deliver(socket, answer);
  }
});

const http = createServer((_request, response) => response.end('ready'));
new WebSocketServer({ server: http }).on('connection', (socket) => {
  const games = new Set<string>();
  gamesOf.set(socket, games);
  socket.on('message', (data) => {
    const message = JSON.parse(String(data)) as Message;
    if (message.type === 'join') {
      games.add(message.game);
      socket.send(JSON.stringify({ type: 'joined', game: message.game }));
    } else {
      void publisher.publish(CHANNEL, JSON.stringify({ replica: NAME, message }));
    }
  });
  socket.on('close', () => gamesOf.delete(socket));
  socket.on('error', () => socket.terminate());
});
http.listen(Number(PORT), '127.0.0.1');
