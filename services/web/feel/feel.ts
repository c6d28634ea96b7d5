import { effect, signal } from '@preact/signals';
import { refusedCell } from '../actions.ts';
import { cueBetween, type Felt } from '../model/cues.ts';
import { sound, vibration } from '../preferences.ts';
import { game, pendingCells, player, serverNow } from '../session.ts';
import { playSound, unlockSound } from './sound.ts';
import { vibrate } from './vibration.ts';

/** The game that the player of this page has just won; undefined again with the next game. */
export const celebrated = signal<string | undefined>(undefined);

/** Plays a sound and a vibration for what happens in the game, at the moment it shows. */
export function startFeel(): void {
  unlockSound();
  let before: Felt | undefined;
  effect(() => {
    const shown = game.value;
    const now = shown && {
      code: shown.room.code,
      state: shown.state,
      now: serverNow(),
      pending: pendingCells.value.size,
      refused: refusedCell.value !== undefined,
    };
    const cue = cueBetween(before, now, player.peek()?.id);
    before = now;
    if (celebrated.peek() !== now?.code) celebrated.value = undefined;
    if (cue === undefined) return;
    if (cue === 'win') celebrated.value = now?.code;
    if (sound.peek()) playSound(cue);
    if (vibration.peek()) vibrate(cue);
  });
}
