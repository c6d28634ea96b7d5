// Each room is in the memory of one copy, because the edge sends all sockets with the same ?room= to it.
import { createServer } from 'node:http';
import { WebSocketServer } from 'ws';

const { PORT, APPID } = process.env;
const rooms = new Map();

const server = createServer((request, response) => {
  response.writeHead(request.url === '/healthz' ? 200 : 404).end();
});
const sockets = new WebSocketServer({ server, path: '/ws' });

sockets.on('connection', (socket, request) => {
  const room = new URL(request.url, 'http://localhost').searchParams.get('room') ?? 'lobby';
  const members = rooms.get(room) ?? new Set();
  rooms.set(room, members.add(socket));
  socket.on('message', (data) => {
    for (const member of members) member.send(`${APPID}: ${data}`);
  });
  socket.on('close', () => {
    members.delete(socket);
    if (members.size === 0) rooms.delete(room);
  });
});

process.on('SIGTERM', () => {
  for (const socket of sockets.clients) socket.close(1001, 'going away');
  server.close(() => process.exit(0));
});

server.listen(PORT, () => console.log(`copy ${APPID} listens on ${PORT}`));
