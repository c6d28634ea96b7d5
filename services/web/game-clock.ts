import { computed, effect, signal } from '@preact/signals';
import { clockFace } from './model/clock.ts';
import { pageTitle } from './model/standings.ts';
import { game, player, serverNow } from './session.ts';

const TICK_MS = 100;

/** The server's time, moving only while a game is played. */
const time = signal(Date.now());

export const face = computed(() => game.value && clockFace(game.value.state, time.value));
export const seconds = computed(() => face.value?.seconds ?? 0);

const running = computed(() => game.value?.state.status === 'active');

/** Starts the page's clock; it follows the game that is shown. */
export function startClock(): void {
  effect(() => {
    if (!running.value) return undefined;
    const tick = () => void (time.value = serverNow());
    tick();
    const timer = setInterval(tick, TICK_MS);
    return () => clearInterval(timer);
  });
}

/** Keeps the tab's title and the `data-status` and `data-seq` of the body in step with the game. */
export function reflectInDocument(): void {
  effect(() => {
    const shown = game.value;
    void seconds.value;
    const title = pageTitle(shown?.state, serverNow(), player.value?.id);
    if (document.title !== title) document.title = title;
    const { dataset } = document.body;
    if (shown) {
      dataset.status = shown.state.status;
      dataset.seq = String(shown.seq);
    } else {
      delete dataset.status;
      delete dataset.seq;
    }
  });
}
