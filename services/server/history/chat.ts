import { createHash } from 'node:crypto';
import { type ChatLine, LIMITS, type PlayerRef } from '../../protocol/index.ts';
import { Refusal } from '../authority/game-authority.ts';
import type { History, Position } from './history.ts';
import { type HistoryScript, type HistoryStore, newEpoch, type RawEntry } from './history-store.ts';

const KEEP_SECONDS = 7 * 24 * 3600;
const KEEP_GAME_SECONDS = 3600;
/** How full the store may be, of its `maxmemory`, for another line; and how long to wait for room, in milliseconds. */
const MOST_FOR_CHAT = 0.85;
const FULL_MS = 5000;
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
  readonly #histories: HistoryStore;
  readonly #replica: string;
  readonly #say: HistoryScript;
  readonly #recent: HistoryScript;

  constructor(histories: HistoryStore, replica: string) {
    this.#histories = histories;
    this.#replica = replica;
    this.#say = histories.define('chat:say', [new URL('./lua/chat.lua', import.meta.url)]);
    this.#recent = histories.define('chat:recent', [new URL('./lua/recent.lua', import.meta.url)]);
  }

  /** Says a line in a channel. Rejects with a `Refusal`: `cluster_full` while the store keeps its room for games. */
  async say(player: PlayerRef, id: string, channel: string, text: string): Promise<Said> {
    if (this.#histories.fullness > MOST_FOR_CHAT) throw new Refusal('cluster_full', undefined, FULL_MS);
    const { meta, lines } = channelKeys(channel);
    const request = `${lines}:${player.id}:${id}`;
    const fingerprint = createHash('sha1').update(text).digest('base64url');
    const args = [
      channel,
      newEpoch(),
      this.#replica,
      JSON.stringify(player),
      JSON.stringify(text),
      JSON.stringify(`${this.#replica}:${text}`),
      fingerprint,
      LIMITS.chatHistory,
      keepSeconds(channel),
      REMEMBER_SECONDS,
    ];
    const [, epoch, seq, duplicate] = (await this.#say([meta, lines, request], args)) as [
      string,
      string,
      number,
      number,
    ];
    this.#histories.sightings.note(meta, epoch, seq);
    return { epoch, seq, duplicate: duplicate === 1 };
  }

  /** The newest lines of a channel, at most `LIMITS.chatHistory`, and its position. */
  async recent(channel: string): Promise<Position & { lines: ChatLine[] }> {
    const { meta, lines } = channelKeys(channel);
    const reply = await this.#recent([meta, lines], [newEpoch(), LIMITS.chatHistory, keepSeconds(channel)]);
    const [, epoch, seq, entries] = reply as [string, string, string, RawEntry[]];
    this.#histories.sightings.note(meta, epoch, Number(seq));
    return { epoch, seq: Number(seq), lines: entries.reverse().map(([, fields]) => toLine(fields[1]!)) };
  }

  historyOf(channel: string): History {
    const { meta, lines } = channelKeys(channel);
    return {
      channel: lines,
      head: meta,
      type: 'chat',
      after: (position) => this.#histories.after(meta, lines, position),
      position: () => this.#histories.position(meta),
      renew: (epoch) => this.#histories.renew(meta, epoch),
    };
  }
}

const keepSeconds = (channel: string) => (channel === 'lobby' ? KEEP_SECONDS : KEEP_GAME_SECONDS);

function toLine(message: string): ChatLine {
  const { seq, at, replica, player, text, line } = JSON.parse(message) as ChatLine;
  return { seq, at, replica, player, text, line };
}
