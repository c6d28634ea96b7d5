// Socket.IO, set up as in its documentation: rooms, and one of its two adapters for Redis.
import { createServer } from 'node:http';
import { createAdapter } from '@socket.io/redis-adapter';
import { createAdapter as createStreamsAdapter } from '@socket.io/redis-streams-adapter';
import { Redis } from 'ioredis';
import { Server } from 'socket.io';

const { PORT, REDIS_URL, ADAPTER } = process.env;
const http = createServer((_request, response) => response.end('ready'));
const redis = new Redis(REDIS_URL);
const isStreams = ADAPTER === 'streams';
const io = new Server(http, {
  serveClient: false,
  transports: ['websocket'],
  adapter: isStreams ? createStreamsAdapter(redis) : createAdapter(redis, redis.duplicate()),
  // The reason to pay for the streams: a reconnecting client gets the messages that it missed.
  ...(isStreams ? { connectionStateRecovery: {} } : {}),
});

io.on('connection', (socket) => {
  socket.on('join', (game, joined) => {
    socket.join(game);
    joined();
  });
  socket.on('move', (move) => io.to(move.game).emit('event', { ...move, at: Date.now() }));
  socket.on('say', (line) => io.emit('line', line));
});
http.listen(Number(PORT), '127.0.0.1');
