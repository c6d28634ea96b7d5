import { effect } from '@preact/signals';
import { seconds } from './game-clock.ts';
import { pageTitle } from './model/title.ts';
import { game, player, serverNow } from './session.ts';

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
