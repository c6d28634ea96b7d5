import { computed, effect, signal } from '@preact/signals';
import * as v from 'valibot';
import { DayRanking, RANKING_PATH } from '../protocol/ranking.ts';
import { game } from './session.ts';

const AGAIN_MS = 10_000;
/** The cluster counts a game shortly after its end, so the page asks soon after the end, and then now and then. */
const AFTER_END_MS = [300, 1000, 3000];

/** The best players of the day; undefined until they are known. */
export const dayRanking = signal<DayRanking | undefined>(undefined);

/** Whether the page shows the ranking: in the lobby, and after a game. */
const place = computed(() => {
  const shown = game.value;
  if (!shown) return 'lobby';
  return shown.state.status === 'completed' ? shown.room.code : undefined;
});

/** Keeps the ranking up to date while it is shown. */
export function watchRanking(): void {
  effect(() => {
    if (place.value === undefined) return undefined;
    const waits = place.value === 'lobby' ? [0] : [...AFTER_END_MS];
    let timer: ReturnType<typeof setTimeout> | undefined;
    let isShown = true;
    const look = async () => {
      const found = document.hidden ? undefined : await fetchRanking();
      if (!isShown) return;
      if (found) dayRanking.value = found;
      wait();
    };
    const wait = () => {
      timer = setTimeout(() => void look(), waits.shift() ?? AGAIN_MS);
    };
    wait();
    return () => {
      isShown = false;
      clearTimeout(timer);
    };
  });
}

/** Undefined when there is no answer: what is shown stays. */
async function fetchRanking(): Promise<DayRanking | undefined> {
  try {
    const answer = await fetch(RANKING_PATH);
    return answer.ok ? v.parse(DayRanking, await answer.json()) : undefined;
  } catch {
    return undefined;
  }
}
