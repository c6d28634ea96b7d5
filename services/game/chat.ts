import { createHash, randomBytes } from 'node:crypto';
import type { Redis } from 'ioredis';
import { LIMITS, type ChatLine, type ErrorCode, type PlayerRef } from '../protocol/index.ts';
import { Refusal, type LogEntry, type Position } from './authority.ts';
import type { History } from './feed.ts';
import { storeFailure } from './redis.ts';
import { defineScript, type Script } from './scripts.ts';

const KEEP_SECONDS = 7 * 24 * 3600;
const KEEP_GAME_SECONDS = 2 * 3600;
/** How long a repeat of a line is known as such. */
const REMEMBER_SECONDS = 600;

const channelKeys = (channel: string) => {
  const tag = `gridlock:{${channel}}`;
  return { meta: `${tag}:channel`, lines: `${tag}:chat` };
};

export interface Said {
  readonly epoch: string;
  readonly seq: number;
  readonly duplicate: boolean;
}

/** The lines of the channels: a bounded history in Redis, announced as they are said. */
export class Chat {
  readonly #redis: Redis;
  readonly #replica: string;
  readonly #say: Script;

  constructor(redis: Redis, replica: string) {
    this.#redis = redis;
    this.#replica = replica;
    this.#say = defineScript(redis, 'chat:say', [new URL('./lua/chat.lua', import.meta.url)]);
  }

  /** Says a line in a channel. Rejects with a `Refusal`. */
  async say(player: PlayerRef, id: string, channel: string, text: string): Promise<Said> {
    const { meta, lines } = channelKeys(channel);
    const request = `${lines}:${player.id}:${id}`;
    const fingerprint = createHash('sha1').update(text).digest('base64url');
    const args = [
      channel, newEpoch(), this.#replica, JSON.stringify(player), JSON.stringify(text),
      JSON.stringify(`${this.#replica}:${text}`), fingerprint, LIMITS.chatHistory, keepSeconds(channel),
      REMEMBER_SECONDS,
    ];
    try {
      const reply = (await this.#say([meta, lines, request], args)) as [string, string, number, number];
      if (reply[0] === 'refused') throw new Refusal(reply[1] as ErrorCode);
      return { epoch: reply[1], seq: reply[2], duplicate: reply[3] === 1 };
    } catch (error) {
      throw storeFailure(error);
    }
  }

  /** The newest lines of a channel, at most `LIMITS.chatHistory`, and its position. */
  async recent(channel: string): Promise<Position & { lines: ChatLine[] }> {
    const { meta, lines } = channelKeys(channel);
    try {
      const replies = await this.#redis
        .multi()
        .hsetnx(meta, 'epoch', newEpoch())
        .expire(meta, keepSeconds(channel))
        .hmget(meta, 'epoch', 'seq')
        .xrevrange(lines, '+', '-', 'COUNT', LIMITS.chatHistory)
        .exec();
      for (const [error] of replies ?? []) if (error) throw error;
      const [epoch, seq] = replies![2]![1] as [string, string | null];
      const entries = (replies![3]![1] as [string, string[]][]).reverse();
      return { epoch, seq: Number(seq ?? 0), lines: entries.map(([, fields]) => toLine(fields[1]!)) };
    } catch (error) {
      throw storeFailure(error);
    }
  }

  historyOf(channel: string): History {
    const { meta, lines } = channelKeys(channel);
    return {
      channel: lines,
      type: 'chat',
      after: async (seq): Promise<LogEntry[]> => {
        const entries = await this.#redis.xrange(lines, `${seq + 1}-0`, '+');
        return entries.map(([id, fields]) => ({ seq: Number.parseInt(id, 10), text: fields[1]! }));
      },
      position: async () => {
        const [epoch, seq] = await this.#redis.hmget(meta, 'epoch', 'seq');
        return epoch ? { epoch, seq: Number(seq ?? 0) } : undefined;
      },
    };
  }
}

const newEpoch = () => randomBytes(9).toString('base64url');
const keepSeconds = (channel: string) => (channel === 'lobby' ? KEEP_SECONDS : KEEP_GAME_SECONDS);

function toLine(message: string): ChatLine {
  const { seq, at, replica, player, text, line } = JSON.parse(message) as ChatLine;
  return { seq, at, replica, player, text, line };
}
