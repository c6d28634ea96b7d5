import { type Signal, signal } from '@preact/signals';
import { STRENGTHS } from '../apps/grid/bot/strategy.ts';
import { type BotStrength, type GameSettings, GRID_LIMITS } from '../apps/grid/grid.ts';
import { type Pick, proposeName, readName } from './model/guest.ts';

const pick: Pick = (below) => (crypto.getRandomValues(new Uint32Array(1))[0] ?? 0) % below;

// One guest per tab: sessionStorage outlives a reload but is not shared between tabs.
const stored = (key: string, propose: () => string): string => {
  const known = readName(read(key) ?? '');
  if (known) return known;
  const proposed = propose();
  remember(key, proposed);
  return proposed;
};

/** The name that the player has chosen. */
export const name = signal(stored('gridlock.name', () => proposeName(pick)));

/** The shape of the next game that is matched or created here. Most players come alone, or with one other person. */
export const settings = signal<GameSettings>({
  players: 2,
  size: GRID_LIMITS.size.default,
  seconds: GRID_LIMITS.seconds.default,
});

/** Removes characters that no name may have, and replaces an empty name. */
export function chooseName(to: string): void {
  name.value = readName(to) || proposeName(pick);
  remember('gridlock.name', name.value);
}

/** Whether games have sound and vibration. It is remembered, for all tabs of this browser. */
export const sound = signal(readSwitch('gridlock.sound'));
export const vibration = signal(readSwitch('gridlock.vibration'));

export function keepSwitch(which: Signal<boolean>, on: boolean): void {
  which.value = on;
  remember(which === sound ? 'gridlock.sound' : 'gridlock.vibration', on ? 'on' : 'off', 'local');
}

const knownStrength = STRENGTHS.find((one) => one === read('gridlock.strength', 'local'));
/** The strength of the bots that this page calls. */
export const strength = signal<BotStrength>(knownStrength ?? 'medium');

export function chooseStrength(to: BotStrength): void {
  strength.value = to;
  remember('gridlock.strength', to, 'local');
}

/** The game that this tab is in, to continue after a reload. */
export const lastGame = (): string | undefined => read('gridlock.game') ?? undefined;
export const rememberGame = (code: string | undefined): void => remember('gridlock.game', code ?? '');

// Storage can be forbidden by the browser; the page then works, but forgets on a reload.
export function read(key: string, where: 'session' | 'local' = 'session'): string | null {
  try {
    return storage(where).getItem(key);
  } catch {
    return null;
  }
}

export function remember(key: string, value: string, where: 'session' | 'local' = 'session'): void {
  try {
    storage(where).setItem(key, value);
  } catch {}
}

/** On until it is turned off. */
function readSwitch(key: string): boolean {
  return read(key, 'local') !== 'off';
}

function storage(where: 'session' | 'local'): Storage {
  return where === 'session' ? sessionStorage : localStorage;
}
