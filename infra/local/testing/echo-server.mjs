// A server of a user's for tests: says which copy it is over HTTP and WebSocket, echoes, and drains when asked.
import { createServer } from 'node:http';
import { WebSocketServer } from 'ws';

const { PORT, APPID, REDIS_URL, DRAIN = 'SIGTERM', DRAIN_MS = '0', STUBBORN } = process.env;
const server = createServer((request, response) => {
  const status = request.url === '/missing' ? 404 : 200;
  response.writeHead(status, { 'Content-Type': 'application/json' });
  response.end(JSON.stringify({ appId: APPID, url: request.url, directory: process.cwd(), redisUrl: REDIS_URL }));
});
const sockets = new WebSocketServer({ server });
sockets.on('connection', (socket) => {
  socket.send(APPID);
  socket.on('message', (data) => socket.send(String(data)));
});
process.on(DRAIN, () => {
  console.log(`drain of ${APPID}`);
  if (STUBBORN) return;
  setTimeout(() => {
    for (const socket of sockets.clients) socket.close(1001, 'going away');
    server.close(() => process.exit(0));
  }, Number(DRAIN_MS));
});
server.listen(Number(PORT), '127.0.0.1', () => console.log(`${APPID} listens on ${PORT}`));
