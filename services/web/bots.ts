import { computed, effect, signal } from '@preact/signals';
import { type BotStrength, FREE, GRID_LIMITS, grid } from '../apps/grid/grid.ts';
import { createClient } from '../client/browser.ts';
import { BotPlayer } from './bot-player.ts';
import { network } from './break/breaker.ts';
import { errorText } from './model/error-text.ts';
import { notify } from './notices.ts';
import { read, remember, strength } from './preferences.ts';
import { game, ownSeat, serverNow } from './session.ts';

/** How long quick match waits for a person before a bot sits down. */
export const BOT_AFTER_MS = 3000;
const COUNT_MS = 100;
/** The most bots of a page: one for every seat except the player's. */
const MOST_BOTS = GRID_LIMITS.players.max - 1;

const NAMES: Readonly<Record<BotStrength, string>> = { easy: 'Rookie', medium: 'Rival', hard: 'Ace' };

/** The game was full, or over, before the bot came. The player need not know. */
const LATE: ReadonlySet<string> = new Set(['game_full', 'game_over', 'game_not_found', 'closed']);

const BOTS_KEY = 'gridlock.bots';
const MATCHED_KEY = 'gridlock.matched';

interface SeatedBot {
  /** Counts from 1. The bot keeps its session under this number over a reload. */
  readonly number: number;
  readonly bot: BotPlayer;
}

/** The bots that play in this page. */
export const bots = signal<readonly SeatedBot[]>([]);

/** The game that quick match found: a bot joins it automatically. */
const matched = signal(read(MATCHED_KEY) ?? '');

/** When a bot joins automatically, by the server's clock; undefined if none will. */
const dueAt = computed(() => {
  const shown = game.value;
  if (shown?.state.status !== 'waiting' || shown.room.code !== matched.value || ownSeat.value === FREE)
    return undefined;
  const { players, createdAt } = shown.state;
  return players.length === 1 && bots.value.length === 0 ? createdAt + BOT_AFTER_MS : undefined;
});

/** Seconds until then, rounded up. */
export const botComesIn = signal<number | undefined>(undefined);

/** Whether there is a seat for a bot of this page. */
export const mayCallBot = computed(() => {
  const shown = game.value;
  if (shown?.state.status !== 'waiting' || ownSeat.value === FREE || bots.value.length >= MOST_BOTS) return false;
  const here = shown.state.players.length;
  const coming = bots.value.filter(({ bot }) => !shown.state.players.some(({ id }) => id === bot.id)).length;
  return here + coming < shown.state.settings.players;
});

/** Sends a bot into a game of quick match after three seconds without a second person. */
export function watchForBots(): void {
  effect(() => {
    const due = dueAt.value;
    if (due === undefined) {
      botComesIn.value = undefined;
      return undefined;
    }
    const count = () => {
      const leftMs = due - serverNow();
      botComesIn.value = Math.max(0, Math.ceil(leftMs / 1000));
      if (leftMs <= 0) callBot(game.peek()!.room.code);
    };
    const timer = setInterval(count, COUNT_MS);
    queueMicrotask(count);
    return () => clearInterval(timer);
  });
}

/** Quick match found this game. */
export function expectBot(code: string): void {
  matched.value = code;
  remember(MATCHED_KEY, code);
}

/** A bot joins the game of this page, as strong as the player has chosen. */
export function callBot(code: string): void {
  const taken = new Set(bots.value.map(({ number }) => number));
  const number = [...Array(MOST_BOTS).keys()].map((index) => index + 1).find((one) => !taken.has(one));
  if (number === undefined) return;
  void seat(number, strength.value).join(code);
  save();
}

/** Continues the bots of the page after a reload, as the player continues. */
export function resumeBots(): void {
  for (const [number, as] of savedBots()) void seat(number, as).join();
}

/** The player leaves the game, and so do the bots. */
export function dismissBots(): void {
  const leaving = bots.value;
  bots.value = [];
  save();
  for (const { bot } of leaving) void bot.stop();
}

function seat(number: number, as: BotStrength): BotPlayer {
  const key = `gridlock.bot.${number}`;
  const bot: BotPlayer = new BotPlayer({
    client: createClient(
      {
        room: grid,
        name: number === 1 ? NAMES[as] : `${NAMES[as]} ${number}`,
        store: { read: () => read(key) ?? undefined, write: (text) => remember(key, text) },
      },
      network.scope,
    ),
    strength: as,
    seed: crypto.getRandomValues(new Uint32Array(1))[0]!,
    onEnd: (error) => {
      bots.value = bots.value.filter((one) => one.bot !== bot);
      save();
      if (error && !LATE.has(error.code))
        notify({ kind: 'bot', tone: 'problem', text: `No bot came. ${errorText(error)}` });
    },
  });
  bots.value = [...bots.value, { number, bot }];
  return bot;
}

function save(): void {
  remember(BOTS_KEY, JSON.stringify(bots.value.map(({ number, bot }) => [number, bot.strength])));
}

function savedBots(): [number, BotStrength][] {
  try {
    return JSON.parse(read(BOTS_KEY) ?? '[]') as [number, BotStrength][];
  } catch {
    return [];
  }
}
