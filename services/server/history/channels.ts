import { createHash } from 'node:crypto';
import * as v from 'valibot';
import {
  type Access,
  type AnyChannelRule,
  type AnyRoomType,
  type ChannelMatch,
  fieldProblem,
  type KeptMessage,
  matchChannel,
  type PlayerRef,
} from '../../protocol/index.ts';
import { type Asker, Refusal, requesterOf } from '../authority/game-authority.ts';
import { LARGEST_FRAME } from '../limits.ts';
import type { History, Position } from './history.ts';
import { type HistoryScript, type HistoryStore, newEpoch, type RawEntry } from './history-store.ts';

/** The part of `maxmemory` that may be in use when a message is published. */
const MOST_FOR_MESSAGES = 0.85;
/** How long a repeat of a message is recognised. */
const REMEMBER_SECONDS = 600;

const channelKeys = (channel: string) => {
  const tag = `gridlock:{${channel}}`;
  return { meta: `${tag}:channel`, messages: `${tag}:messages` };
};

/** What is published: `data` as JSON. */
export interface Publication extends ChannelMatch {
  readonly channel: string;
  readonly data: string;
  readonly line: string | undefined;
}

export interface Published {
  readonly epoch: string;
  readonly seq: number;
  readonly duplicate: boolean;
}

export interface ChannelsOptions {
  readonly type: Pick<AnyRoomType, 'name' | 'channels'>;
  readonly histories: HistoryStore;
  /** APPID of this replica. */
  readonly replica: string;
  /** Called when the application threw while it handled a channel. */
  readonly onFault?: (channel: string, error: unknown) => void;
}

/** The application's channels: a bounded history of messages in Redis, announced as they are published. */
export class Channels {
  readonly #options: ChannelsOptions;
  readonly #publish: HistoryScript;
  readonly #recent: HistoryScript;

  constructor(options: ChannelsOptions) {
    const { histories } = (this.#options = options);
    this.#publish = histories.define([new URL('./lua/publish.lua', import.meta.url)]);
    this.#recent = histories.define([new URL('./lua/recent.lua', import.meta.url)]);
  }

  /** The rule of a channel. @throws Refusal `channel_not_found` */
  match(channel: string): ChannelMatch {
    const { name, channels = [] } = this.#options.type;
    const match = matchChannel(channels, channel);
    if (match) return match;
    throw new Refusal('channel_not_found', `The application "${name}" has no channel "${channel}".`);
  }

  /** Whether a function of the application lets a player in. @throws Refusal `app_failed` */
  allows(access: Exclude<Access, string>, { id, name }: PlayerRef, channel: string): boolean {
    return this.#ask(channel, () => access({ id, name }, channel));
  }

  /** Data, parsed by the schema of a channel. @throws Refusal `bad_message` if it does not match, `app_failed` */
  read(channel: string, data: unknown): Publication {
    const { rule, room } = this.match(channel);
    const parsed = this.#ask(channel, () => v.safeParse(rule.data, data, { abortPipeEarly: true }));
    if (!parsed.success) throw new Refusal('bad_message', fieldProblem(parsed.issues[0], `"data" of ${channel}`));
    const line = rule.line && this.#ask(channel, () => rule.line!(parsed.output));
    return { channel, rule, room, data: this.#ask(channel, () => toJson(parsed.output)), line };
  }

  /**
   * Publishes in a channel as a player, once for each id of the asker. Rejects with a `Refusal`: `cluster_full` while the
   * store keeps its space for rooms.
   */
  async publish(asker: Asker, id: string, { channel, rule, data, line }: Publication): Promise<Published> {
    const { histories, replica } = this.#options;
    const history = keptBy(rule);
    const { meta, messages } = channelKeys(channel);
    const { id: author, name } = asker.player;
    // Ids of a backend are its own, whichever players it names.
    const content = 'backend' in asker ? `${author} ${data}` : data;
    const args = [
      channel,
      newEpoch(),
      replica,
      JSON.stringify({ id: author, name }),
      data,
      line === undefined ? '' : JSON.stringify(`${replica}:${line}`),
      createHash('sha1').update(content).digest('base64url'),
      history.messages,
      history.seconds,
      REMEMBER_SECONDS,
      histories.fullness > MOST_FOR_MESSAGES ? 1 : 0,
    ];
    const reply = await this.#publish([meta, messages, `${messages}:${requesterOf(asker)}:${id}`], args);
    const [, epoch, seq, duplicate] = reply as [string, string, number, number];
    histories.sightings.note(meta, epoch, seq);
    return { epoch, seq, duplicate: duplicate === 1 };
  }

  /**
   * The newest messages of a channel, as many as its rule keeps and fit into a frame, and its position. Rejects with a
   * `Refusal`: `cluster_full` where the store has no space for a new channel.
   */
  async recent(channel: string): Promise<Position & { messages: KeptMessage[] }> {
    const { meta, messages } = channelKeys(channel);
    const history = keptBy(this.match(channel).rule);
    const { histories } = this.#options;
    const isFull = histories.fullness > MOST_FOR_MESSAGES ? 1 : 0;
    const reply = await this.#recent([meta, messages], [newEpoch(), history.messages, history.seconds, isFull]);
    const [, epoch, seq, entries] = reply as [string, string, string, RawEntry[]];
    histories.sightings.note(meta, epoch, Number(seq));
    return { epoch, seq: Number(seq), messages: fitting(entries.map(([, fields]) => fields[1]!)).map(toKept) };
  }

  historyOf(channel: string): History {
    const { histories } = this.#options;
    const { meta, messages } = channelKeys(channel);
    return {
      channel: messages,
      head: meta,
      type: 'message',
      after: (position) => histories.after(meta, messages, position),
      position: () => histories.position(meta),
      renew: (epoch) => histories.renew(meta, epoch),
    };
  }

  #ask<Answer>(channel: string, question: () => Answer): Answer {
    try {
      return question();
    } catch (error) {
      this.#options.onFault?.(channel, error);
      throw new Refusal('app_failed');
    }
  }
}

/** How much a channel keeps. A channel without history carries only signals. */
function keptBy({ name, history }: AnyChannelRule): Exclude<AnyChannelRule['history'], 'none'> {
  if (history === 'none') throw new Error(`A channel ${name} has no history.`);
  return history;
}

/** Throws if the data cannot be written as JSON. */
function toJson(data: unknown): string {
  const text = JSON.stringify(data) as string | undefined;
  if (text === undefined) throw new Error('the output of the schema is not JSON');
  return text;
}

/** As many of the newest texts as fit into a frame, in the order in which they came. */
function fitting(texts: readonly string[]): string[] {
  let bytes = 0;
  const most = texts.findIndex((text) => (bytes += Buffer.byteLength(text)) > LARGEST_FRAME);
  return texts.slice(0, most < 0 ? texts.length : most).reverse();
}

/** The form of a message in a history. The history itself names channel and epoch. */
function toKept(text: string): KeptMessage {
  const { type: _, channel: __, epoch: ___, ...kept } = JSON.parse(text) as KeptMessage & Record<string, unknown>;
  return kept as KeptMessage;
}
