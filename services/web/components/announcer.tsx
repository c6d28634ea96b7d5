import { useSignal, useSignalEffect } from '@preact/signals';
import { useRef } from 'preact/hooks';
import { seconds } from '../game-clock.ts';
import { announcement, type Moment } from '../model/announcement.ts';
import { game, player } from '../session.ts';

/** Tells screen readers what happens in the game, at a pace that can be listened to. */
export function Announcer() {
  const said = useSignal('');
  const before = useRef<Moment & { code: string }>(undefined);
  useSignalEffect(() => {
    const shown = game.value;
    const now = shown && { code: shown.game, state: shown.state, seconds: seconds.value };
    const last = before.current;
    before.current = now;
    if (last?.code !== now?.code) said.value = '';
    if (!now || last?.code !== now.code) return;
    const text = announcement(last, now, player.value?.id);
    if (text) said.value = text;
  });
  return (
    <p class="visually-hidden" aria-live="polite" data-testid="announcer">
      {said}
    </p>
  );
}
