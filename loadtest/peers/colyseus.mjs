// Colyseus in one process, its default: a room for each game, and the chat by its own publish and subscribe.
import { createServer } from 'node:http';
import { Room, Server } from '@colyseus/core';
import { WebSocketTransport } from '@colyseus/ws-transport';

class GameRoom extends Room {
  onCreate() {
    this.presence.subscribe('lobby', (line) => this.broadcast('line', line));
    this.onMessage('move', (_client, move) => this.broadcast('event', { ...move, at: Date.now() }));
    this.onMessage('say', (_client, line) => this.presence.publish('lobby', line));
  }
}

const transport = new WebSocketTransport({ server: createServer() });
const server = new Server({ transport, greet: false });
server.define('game', GameRoom).filterBy(['game']);
await server.listen(Number(process.env.PORT), '127.0.0.1');
