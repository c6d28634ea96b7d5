import { signal } from '@preact/signals';
import { STRENGTHS } from '../apps/grid/bot/strategy.ts';
import { capture, FREE, type GameSettings, type Grid } from '../apps/grid/grid.ts';
import type { Room } from '../client/index.ts';
import { callBot, dismissBots, expectBot } from './bots.ts';
import { errorText } from './model/error-text.ts';
import { notify, withdraw } from './notices.ts';
import { chooseName, chooseStrength, name, settings } from './preferences.ts';
import { meetAgain } from './rematch.ts';
import { onAddressedGame, showInAddress } from './route.ts';
import {
  game,
  giveUp,
  health,
  ownSeat,
  pendingCells,
  quietly,
  returningTo,
  session,
  showGame,
  showLobby,
} from './session.ts';

/** Long enough for the cell to be seen shaking its head. */
const REFUSAL_SHOWN_MS = 400;

/** Players of a quick match. */
const QUICK_SEATS = 2;

/** Refusals of a capture that the board itself shows. */
const PLAIN_TO_SEE: ReadonlySet<string> = new Set(['cell_taken', 'game_over', 'game_not_active']);

/** Whether the page is entering a game. */
export const busy = signal(false);
/** The cell of a refused capture, for a moment. */
export const refusedCell = signal<number | undefined>(undefined);

/** Matches two players who want the same game; if nobody else does, a bot comes. */
export const quickMatch = (settings: GameSettings) => enter(() => matchTwo(settings));
/** Starts a game with a bot at once, before another player can join. */
export async function playBot(settings: GameSettings): Promise<void> {
  if (await createGame({ ...settings, players: QUICK_SEATS })) callBot(game.value!.room.code);
}
export const createGame = (settings: GameSettings) => enter(() => session().create(settings));
export const joinGame = (code: string) => enter(() => session().join(code));
export const watchGame = (code: string) => enter(() => session().watch(code));

/** Changes the player's name, also in the lobby. */
export function rename(to: string): void {
  chooseName(to);
  quietly(session().connect({ name: name.value }));
}

/** Starts the game that the address asks for. */
export async function startAtOnce({ against }: { readonly against: string }): Promise<void> {
  showInAddress(undefined);
  const named = STRENGTHS.find((one) => one === against);
  if (named) chooseStrength(named);
  await (named || against === 'bot' ? playBot(settings.value) : quickMatch(settings.value));
}

/** Goes back to the lobby; a seat in a game that waits becomes free. */
export function leaveGame(): void {
  dismissBots();
  const code = game.value?.room.code ?? returningTo.value;
  showLobby();
  if (code) giveUp(code);
}

/** Offers the game of a link that was opened while another game is on the page. */
export function offerAddressedGame(): void {
  onAddressedGame((code) => {
    const shown = game.value?.room.code;
    if (!shown || code === shown) return;
    // Until it is accepted, the address is that of the game on the page: a reload stays there.
    showInAddress(shown);
    const run = () => {
      withdraw('invitation');
      void changeGame(() => session().join(code));
    };
    const text = `You opened the link of game ${code}.`;
    notify({ kind: 'invitation', tone: 'info', text, action: { label: 'Join it', run } });
  });
}

/** Finds another game of the same shape, with any other player who asks for one. */
export async function playAgain(): Promise<void> {
  const over = game.value;
  if (!over) return;
  const { rematchOf: _, ...shape } = over.state.settings;
  await changeGame(() => matchTwo(shape));
}

/** Enters another game with the same players: the first who asks creates it, and the others join it. */
export async function playRematch(): Promise<void> {
  const over = game.value;
  if (!over) return;
  await changeGame(() => meetAgain(over), { withBots: true });
}

async function matchTwo(shape: GameSettings): Promise<Room<Grid>> {
  const room = await session().match({ ...shape, players: QUICK_SEATS });
  expectBot(room.code);
  return room;
}

/** Requests a cell. The board shows it as pending until the server's event or refusal arrives. */
export async function captureCell(cell: number): Promise<void> {
  const shown = game.value;
  if (shown?.state.status !== 'active' || ownSeat.value === FREE) return;
  if (shown.state.cells[cell] !== FREE || pendingCells.value.has(cell)) return;
  try {
    await tracked(shown.room.send(capture(cell)));
  } catch (error) {
    if (game.value?.room === shown.room) refuse(cell, error);
  }
}

/** Says something in a channel; false when that failed. */
export const sendChat = (channel: string, text: string): Promise<boolean> =>
  attempt(session().publish(channel, { text }));

function refuse(cell: number, error: unknown): void {
  const { code } = error as { code?: string };
  if (code === undefined || !PLAIN_TO_SEE.has(code)) fail(error);
  refusedCell.value = cell;
  setTimeout(() => {
    if (refusedCell.value === cell) refusedCell.value = undefined;
  }, REFUSAL_SHOWN_MS);
}

/** Leaves the game on the page for another one, once the player has a seat in the new one. */
async function changeGame(seat: () => Promise<Room<Grid>>, { withBots = false } = {}): Promise<void> {
  const left = game.value?.room.code;
  if (!(await enter(seat)) || left === undefined) return;
  if (!withBots) dismissBots();
  quietly(session().unsubscribe(left));
  giveUp(left);
}

async function enter(seat: () => Promise<Room<Grid>>): Promise<boolean> {
  if (busy.value) return false;
  busy.value = true;
  withdraw('error');
  try {
    const room = await tracked(seat());
    withdraw('invitation');
    showGame(room);
    return true;
  } catch (error) {
    fail(error);
    return false;
  } finally {
    busy.value = false;
  }
}

async function attempt(request: Promise<unknown>): Promise<boolean> {
  try {
    await tracked(request);
    return true;
  } catch (error) {
    fail(error);
    return false;
  }
}

/** Updates the number of waiting requests on the page. */
async function tracked<T>(request: Promise<T>): Promise<T> {
  health.value = session().health;
  try {
    return await request;
  } finally {
    health.value = session().health;
  }
}

const fail = (error: unknown): void => notify({ kind: 'error', tone: 'problem', text: errorText(error) });
