import type { FastifyInstance } from 'fastify';
import type { BackendRooms } from './backend-rooms.ts';
import {
  CommandBody,
  CreateBody,
  EventsQuery,
  idempotencyKey,
  ListQuery,
  parsed,
  parsedBody,
  RoomPath,
} from './request-schemas.ts';
import type { RoomList } from './room-list.ts';

export interface RoomRoutesOptions {
  readonly rooms: BackendRooms;
  readonly roomList: Pick<RoomList, 'page'>;
}

const READ = { exposeHeadRoute: false };

/** Rooms: made, listed, read, and changed by commands. */
export function addRoomRoutes(api: FastifyInstance, { rooms, roomList }: RoomRoutesOptions): void {
  api.addHook('onSend', async (_request, reply) => {
    if (!reply.hasHeader('Cache-Control')) reply.header('Cache-Control', 'no-store');
  });

  api.get('/rooms', READ, async ({ query }) => {
    const { cursor, limit } = parsed(ListQuery, query, 'the query');
    return roomList.page(cursor, limit);
  });

  api.post('/rooms', async (request, reply) => {
    const id = idempotencyKey(request.headers);
    const { player, settings } = parsedBody(CreateBody, request);
    const made = await rooms.create({ player, backend: request.backend }, id, settings);
    return reply
      .code(201)
      .header('Location', `${request.url.split('?')[0]}/${made.room}`)
      .send(made);
  });

  api.get('/rooms/:room', READ, async ({ params }) => rooms.read(parsed(RoomPath, params, 'the path').room));

  api.get('/rooms/:room/events', READ, async ({ params, query }) => {
    const { room } = parsed(RoomPath, params, 'the path');
    const { limit, ...known } = parsed(EventsQuery, query, 'the query');
    return rooms.events(room, known, limit);
  });

  api.post('/rooms/:room/commands', async (request) => {
    const { room } = parsed(RoomPath, request.params, 'the path');
    const id = idempotencyKey(request.headers);
    const { player, command } = parsedBody(CommandBody, request);
    // The room already knows the name of its member.
    const actor = { player: { id: player, name: player }, backend: request.backend };
    return rooms.command(actor, id, room, command);
  });
}
