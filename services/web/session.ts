import { batch, computed, signal } from '@preact/signals';
import { FREE, type GameState, type Grid, type Line, LOBBY, watchersChannel } from '../apps/grid/grid.ts';
import type {
  ClosedReason,
  GridlockClient,
  GridlockError,
  Health,
  MessageEvent,
  PresenceEvent,
  Room,
  StateChange,
} from '../client/index.ts';
import type { DataOf, PlayerRef } from '../protocol/index.ts';
import { closedText, errorText } from './model/error-text.ts';
import { notify, withdraw } from './notices.ts';
import { lastGame, rememberGame } from './preferences.ts';
import { retryUntilSettled } from './retry-until-settled.ts';
import { addressedGame, showInAddress } from './route.ts';

/** What the page uses of the client. */
type SessionClient = Pick<
  GridlockClient<Grid>,
  | 'on'
  | 'connect'
  | 'reconnect'
  | 'probe'
  | 'create'
  | 'join'
  | 'match'
  | 'leave'
  | 'publish'
  | 'subscribe'
  | 'unsubscribe'
  | 'watch'
  | 'serverNow'
  | 'health'
  | 'player'
>;

/** The room of the game on the page, and what is known of it. */
interface ShownGame {
  readonly room: Room<Grid>;
  readonly seq: number;
  readonly state: GameState;
}

/** Errors that the state of the connection already shows. */
const TOLD_BY_STATE: ReadonlySet<string> = new Set(['connect_failed', 'session_unavailable', 'session_refused']);
const CHAT_KEPT = 200;
/** A connection that is lost for less time is not mentioned. */
const PATIENCE_MS = 2500;
const AGAIN_MS = 2000;

export const health = signal<Health | undefined>(undefined);
export const player = signal<PlayerRef | undefined>(undefined);
/** The game on the page. */
export const game = signal<ShownGame | undefined>(undefined);
/** The game to continue after a reload, until its state has arrived. */
export const returningTo = signal<string | undefined>(undefined);
export const chats = signal<Readonly<Record<string, readonly MessageEvent<Line>[]>>>({});
export const presences = signal<Readonly<Record<string, PresenceEvent>>>({});
/** The number of watchers of each game that others may watch. */
export const watchers = signal<Readonly<Record<string, number>>>({});
/** Requested cells whose answer is still missing. */
export const pendingCells = signal<ReadonlySet<number>>(new Set());

export const ownSeat = computed(() => {
  const me = player.value?.id;
  return game.value?.state.players.findIndex(({ id }) => id === me) ?? FREE;
});

/** Whether the game on the page is watched, not played. */
export const watching = computed(() => game.value !== undefined && ownSeat.value === FREE);

let client: SessionClient;
let patience: ReturnType<typeof setTimeout> | undefined;

/** The client that the session runs on. */
export const session = (): SessionClient => client;

/** Milliseconds since the Unix epoch by the server's clock. */
export const serverNow = (): number => client.serverNow();

/**
 * Connects, and goes on with the game that this tab was in unless its address asks for another one. `isFresh`: the
 * address asks for a new game.
 */
export function startSession(through: SessionClient, { isFresh = false } = {}): void {
  client = through;
  client.on('state', onState);
  client.on('health', (now) => void (health.value = now));
  client.on('room', onRoom);
  client.on('message', onMessage);
  client.on('presence', (there) => void (presences.value = { ...presences.value, [there.channel]: there }));
  client.on('copied', onCopied);
  client.on('error', onError);
  health.value = client.health;
  const last = lastGame();
  const elsewhere = isFresh || (addressedGame.value !== undefined && addressedGame.value !== last);
  connect();
  if (last && !elsewhere) {
    returningTo.value = last;
    showInAddress(last);
  } else {
    if (last) giveUp(last);
    rememberGame(undefined);
    listen(LOBBY);
  }
}

/** Connects now, for whatever reason the connection is closed. */
export function connect(): void {
  quietly(client.reconnect());
}

/** Puts a game that the player has a seat in, or watches, on the page. */
export function showGame(room: Room<Grid>): void {
  const { code } = room;
  rememberGame(code);
  showInAddress(code);
  returningTo.value = code;
  showChange(room);
  listen(room.isWatching ? watchersChannel(code) : code, () => shownChannel() === code);
  forgetChannel(LOBBY);
}

/** Goes back to the lobby. */
export function showLobby(): void {
  const code = game.value?.room.code ?? returningTo.value;
  batch(() => {
    game.value = undefined;
    returningTo.value = undefined;
    pendingCells.value = new Set();
  });
  rememberGame(undefined);
  showInAddress(undefined);
  if (code) for (const channel of [code, watchersChannel(code)]) forgetChannel(channel);
  listen(LOBBY);
}

/** Leaves a game that is not on the page, however long the connection is lost, so that no seat stays taken. */
export function giveUp(code: string): void {
  void retryUntilSettled(
    () => client.leave(code),
    () => shownChannel() !== code,
    ready,
  );
}

/** Subscribes to a channel, however long the connection is lost, as long as it is `wanted`. */
export function listen(channel: string, wanted = () => shownChannel() === channel): void {
  void retryUntilSettled(() => client.subscribe(channel), wanted, ready);
}

const shownChannel = (): string => returningTo.value ?? game.value?.room.code ?? LOBBY;

/** Resolves when another try is worth it. */
function ready(): Promise<void> {
  return new Promise((resolve) => {
    if (client.health.state === 'open') return void setTimeout(resolve, AGAIN_MS);
    const off = client.on('state', ({ state }) => {
      if (state !== 'open') return;
      off();
      resolve();
    });
  });
}

/** For requests whose failure is shown elsewhere, or repaired by the client. */
export function quietly(request: Promise<unknown>): void {
  request.catch(() => {});
}

export function forgetChannel(channel: string): void {
  quietly(client.unsubscribe(channel));
  const { [channel]: _said, ...otherChats } = chats.value;
  const { [channel]: _there, ...otherPresences } = presences.value;
  chats.value = otherChats;
  presences.value = otherPresences;
}

function onState({ state, reason, message }: StateChange): void {
  player.value = client.player;
  if (state === 'connecting' || state === 'reconnecting') {
    // Each attempt is a change of state: only the first of them starts the clock.
    patience ??= setTimeout(tellAway, PATIENCE_MS);
    return;
  }
  clearTimeout(patience);
  patience = undefined;
  if (state === 'open') {
    withdraw('connection');
  } else if (reason !== 'client' && reason !== 'idle') {
    tellClosed(reason, message);
  }
}

function tellClosed(reason: ClosedReason | undefined, message: string | undefined): void {
  const label = reason === 'superseded' ? 'Play here' : 'Connect again';
  notify({
    kind: 'connection',
    tone: 'problem',
    text: closedText(reason, message),
    lasting: true,
    action: { label, run: connect },
  });
}

function tellAway(): void {
  notify({
    kind: 'connection',
    tone: 'problem',
    text: 'The server cannot be reached. The page keeps trying.',
    lasting: true,
    action: { label: 'Try now', run: connect },
  });
}

function onRoom(room: Room<Grid>): void {
  const { code } = room;
  const countWatchers = () => void (watchers.value = { ...watchers.value, [code]: room.watchers });
  countWatchers();
  room.on('watchers', countWatchers);
  room.on('change', () => showChange(room));
  room.on('snapshot', ({ recovered }) => {
    if (!recovered && game.value?.room === room) {
      notify({ kind: 'reloaded', tone: 'info', text: 'You were away too long: the board was reloaded.' });
    }
  });
}

function showChange(room: Room<Grid>): void {
  const wanted = returningTo.value ?? game.value?.room.code;
  if (room.code !== wanted) return;
  const { seq, state } = room;
  batch(() => {
    returningTo.value = undefined;
    if (game.value?.room !== room || game.value.seq !== seq || game.value.state !== state)
      game.value = { room, seq, state };
    showPredicted(room);
  });
}

/** Shows requested cells at once, and frees them again when the server refuses. */
function showPredicted({ state, predicted }: Room<Grid>): void {
  const pending = predicted.cells.flatMap((seat, cell) => (seat !== FREE && state.cells[cell] === FREE ? [cell] : []));
  const before = pendingCells.value;
  if (pending.length !== before.size || pending.some((cell) => !before.has(cell)))
    pendingCells.value = new Set(pending);
}

/** A duplicated tab is another guest, which can join the game in its address. */
function onCopied(): void {
  rememberGame(undefined);
  if (returningTo.value === undefined) return;
  returningTo.value = undefined;
  listen(LOBBY);
}

function onMessage(message: MessageEvent<DataOf<Grid>>): void {
  if (!('text' in message.data)) return;
  const line = message as MessageEvent<Line>;
  const before = chats.value[line.channel] ?? [];
  // A new epoch counts from one again and repeats the messages that it kept.
  const kept = before.at(-1)?.epoch === line.epoch ? before : [];
  chats.value = { ...chats.value, [line.channel]: [...kept, line].slice(-CHAT_KEPT) };
}

function onError(error: GridlockError): void {
  if (TOLD_BY_STATE.has(error.code)) return;
  const gone = error.code === 'game_not_found' || error.code === 'not_a_player';
  if (gone && error.game && error.game === (returningTo.value ?? game.value?.room.code)) showLobby();
  else if (gone) return;
  notify({ kind: 'error', tone: 'problem', text: errorText(error) });
}
