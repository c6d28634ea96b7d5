// Socket.IO with long polling. Redis joins the rooms of all copies.
import { createServer } from 'node:http';
import { createAdapter } from '@socket.io/redis-adapter';
import { Redis } from 'ioredis';
import { Server } from 'socket.io';

const { PORT, APPID, REDIS_URL } = process.env;
const server = createServer();
const redis = new Redis(REDIS_URL);
const io = new Server(server, { adapter: createAdapter(redis, redis.duplicate()) });

io.on('connection', (socket) => {
  socket.emit('copy', APPID);
  socket.on('say', (text) => io.emit('said', `${APPID}: ${text}`));
});

process.on('SIGTERM', () => io.close(() => process.exit(0)));

server.listen(PORT, () => console.log(`copy ${APPID} listens on ${PORT}`));
