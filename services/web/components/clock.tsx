import { face } from '../game-clock.ts';
import { formatClock } from '../model/clock.ts';

/** The time left, as a number and as a bar. Screen readers hear of it at milestones only. */
export function Clock() {
  const shown = face.value;
  if (!shown) return null;
  const { seconds, fraction, urgent } = shown;
  return (
    <>
      <div class={`clock ${urgent ? 'urgent' : ''}`} role="timer" data-testid="clock" data-seconds={seconds}>
        {formatClock(seconds)}
      </div>
      <div class={`clock-bar ${urgent ? 'urgent' : ''}`} aria-hidden="true">
        <span style={{ transform: `scaleX(${fraction})` }} />
      </div>
    </>
  );
}
