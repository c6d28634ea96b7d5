import { hash } from 'node:crypto';
import { Cluster, type Redis } from 'ioredis';
import * as v from 'valibot';
import type { ListedRoom, RoomPage } from '../../protocol/operator.ts';
import { headKey } from '../authority/room-log.ts';
import { type Store, storeFailure } from '../redis/connect.ts';
import { infoFields } from '../redis/info.ts';
import { Problem } from './problem.ts';

/** Keys that Redis scans at once: some tenths of a millisecond in which it does nothing else. */
const KEYS_A_SCAN = 500;
/** The most scans for one page, so that a page without rooms costs no more than one with many. */
const SCANS_A_PAGE = 10;
const HEADS = headKey('*');
const CODE = /\{([A-Z0-9]+)\}/;

/** The position of a listing: the node, its life and its last cursor, and the names of all nodes. */
const Place = v.tuple([v.string(), v.string(), v.pipe(v.string(), v.regex(/^\d{1,20}$/)), v.string()]);
type Place = v.InferOutput<typeof Place>;

/**
 * Lists the rooms that are not over. There is no index of them, because each move would have to update it. Instead,
 * `SCAN` walks through the keys of the store, node by node. A room that exists from the first page to the last is
 * listed; a room that comes or goes meanwhile may be. A room may be listed twice.
 */
export class RoomList {
  readonly #redis: Store;

  constructor(redis: Store) {
    this.#redis = redis;
  }

  /**
   * A page of about `limit` rooms. With `search`, only rooms whose code or member contains it are listed, so that even
   * a page before the last one may be empty. Rejects with a `Problem` when the listing has to begin again, and a
   * `Refusal` when the store does not answer.
   */
  async page(cursor: string | undefined, limit: number, search = ''): Promise<RoomPage> {
    try {
      return await this.#page(cursor, limit, search);
    } catch (error) {
      throw error instanceof Problem ? error : storeFailure(error);
    }
  }

  async #page(cursor: string | undefined, limit: number, search: string): Promise<RoomPage> {
    const nodes = this.#nodes();
    const all = hash('sha1', nodes.map(([name]) => name).join(' '), 'base64url');
    const place = cursor === undefined ? undefined : readCursor(cursor);
    let index = place ? nodes.findIndex(([name]) => name === place[0]) : 0;
    let next = place?.[2] ?? '0';
    // A node that replaces another one may come earlier in the order, and would be left out.
    if (place && (place[3] !== all || index < 0 || (await lifeOf(nodes[index]![1])) !== place[1])) throw expired();
    const rooms = new Map<string, ListedRoom>();
    for (let scans = 0; scans < SCANS_A_PAGE && rooms.size < limit && index < nodes.length; scans += 1) {
      const [, node] = nodes[index]!;
      const [following, keys] = await node.scan(next, 'MATCH', HEADS, 'COUNT', KEYS_A_SCAN);
      for (const room of await Promise.all(keys.map((key) => this.#read(key))))
        if (room && matches(room, search)) rooms.set(room.room, room);
      next = following;
      if (next === '0') index += 1;
    }
    const node = nodes[index];
    const following = node ? toCursor([node[0], await lifeOf(node[1]), next, all]) : null;
    return { rooms: [...rooms.values()], cursor: following };
  }

  /** Undefined for a room that is over, or was deleted since. */
  async #read(key: string): Promise<ListedRoom | undefined> {
    const room = CODE.exec(key)?.[1];
    const fields = ['epoch', 'seq', 'members', 'public', 'deadline', 'over'];
    const [epoch, seq, members, isPublic, deadline, over] = await this.#redis.hmget(key, ...fields);
    if (room === undefined || typeof epoch !== 'string' || over === '1') return undefined;
    return {
      room,
      epoch,
      seq: Number(seq),
      members: JSON.parse(members ?? '[]') as string[],
      public: isPublic === '1',
      deadline: Number(deadline) || null,
    };
  }

  /** The primaries, by their names, always in the same order. */
  #nodes(): [name: string, node: Redis][] {
    if (!(this.#redis instanceof Cluster)) return [['-', this.#redis]];
    return this.#redis
      .nodes('master')
      .map((node): [string, Redis] => [`${node.options.host}:${node.options.port}`, node])
      .sort(([one], [other]) => (one < other ? -1 : 1));
  }
}

const matches = ({ room, members }: ListedRoom, search: string): boolean =>
  room.includes(search.toUpperCase()) || members.some((id) => id.toLowerCase().includes(search.toLowerCase()));

/** The cursor of a node means nothing to the process that replaces it. */
async function lifeOf(node: Redis): Promise<string> {
  const id = infoFields(await node.info('server')).get('run_id') ?? '';
  return id.slice(0, 12);
}

const expired = () =>
  new Problem('cursor_expired', 'The store has changed since the last page; begin again without a cursor.');

const toCursor = (place: Place): string => Buffer.from(JSON.stringify(place)).toString('base64url');

function readCursor(cursor: string): Place {
  try {
    return v.parse(Place, JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8')));
  } catch {
    throw new Problem('bad_request', 'The cursor does not come from an earlier page.');
  }
}
