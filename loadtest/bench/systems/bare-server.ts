// `ws` and nothing else: the cost of a socket before any application uses it.
import { createServer } from 'node:http';
import { type WebSocket, WebSocketServer } from 'ws';

const sockets = new Set<WebSocket>();
const http = createServer((_request, response) => response.end('ready'));
new WebSocketServer({ server: http, clientTracking: false }).on('connection', (socket) => {
  sockets.add(socket);
  socket.on('message', (data) => socket.send(data));
  socket.on('close', () => sockets.delete(socket));
  socket.on('error', () => socket.terminate());
});
http.listen(Number(process.env['PORT']), '127.0.0.1');
