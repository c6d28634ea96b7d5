import { useEffect, useRef } from 'preact/hooks';
import { throwConfetti } from '../feel/confetti.ts';
import { celebrated } from '../feel/feel.ts';

const SEATS = 8;

/** Confetti in the colours of the seats over the page of a winner; none for a user who prefers reduced motion. */
export function Celebration() {
  const canvas = useRef<HTMLCanvasElement>(null);
  const won = celebrated.value;
  const isStill = matchMedia('(prefers-reduced-motion: reduce)').matches;
  useEffect(() => {
    if (!canvas.current) return undefined;
    const style = getComputedStyle(document.documentElement);
    const probe = document.createElement('i');
    canvas.current.append(probe);
    const colours = Array.from({ length: SEATS }, (_, seat) => {
      probe.style.color = style.getPropertyValue(`--seat-${seat}`);
      return getComputedStyle(probe).color;
    });
    probe.remove();
    return throwConfetti(canvas.current, colours, () => void (celebrated.value = undefined));
  }, [won, isStill]);
  if (won === undefined || isStill) return null;
  return (
    <div class="confetti" data-testid="confetti" aria-hidden="true">
      <canvas ref={canvas} />
    </div>
  );
}
