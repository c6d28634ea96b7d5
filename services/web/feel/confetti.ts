/** One scrap of paper, in CSS pixels and seconds. */
interface Scrap {
  x: number;
  y: number;
  speedX: number;
  speedY: number;
  turn: number;
  readonly spin: number;
  readonly side: number;
  readonly colour: string;
}

const SCRAPS = 140;
const SECONDS = 2.6;
const FADE_SECONDS = 0.7;
const GRAVITY = 1100;
/** The part of its speed that a scrap loses in a second. */
const DRAG = 0.9;

/**
 * Throws confetti of these colours over a canvas; calls back when the last scrap is gone. Returns a function that ends
 * it at once.
 */
export function throwConfetti(canvas: HTMLCanvasElement, colours: readonly string[], done: () => void): () => void {
  const { clientWidth: width, clientHeight: height } = canvas;
  const scale = Math.min(devicePixelRatio, 2);
  [canvas.width, canvas.height] = [Math.round(width * scale), Math.round(height * scale)];
  const pen = canvas.getContext('2d')!;
  const scraps = Array.from({ length: SCRAPS }, (_, index) => scrap(index, width, height, colours));
  const start = performance.now();
  let last = start;
  let frame = requestAnimationFrame(draw);

  function draw(now: number): void {
    const age = (now - start) / 1000;
    const step = Math.max(0, now - last) / 1000;
    last = now;
    // Time decides, so that a tab that was hidden does not continue late.
    if (age > SECONDS) return done();
    pen.setTransform(scale, 0, 0, scale, 0, 0);
    pen.clearRect(0, 0, width, height);
    pen.globalAlpha = Math.min(1, (SECONDS - age) / FADE_SECONDS);
    for (const each of scraps) {
      move(each, step);
      paint(pen, each, scale);
    }
    frame = requestAnimationFrame(draw);
  }
  return () => cancelAnimationFrame(frame);
}

/** From both lower corners, towards the middle. */
function scrap(index: number, width: number, height: number, colours: readonly string[]): Scrap {
  const fromLeft = index % 2 === 0;
  const force = Math.min(height, 900) * (0.9 + Math.random());
  const angle = (35 + Math.random() * 45) * (Math.PI / 180);
  return {
    x: fromLeft ? 0 : width,
    y: height * 0.85,
    speedX: Math.cos(angle) * force * (fromLeft ? 1 : -1),
    speedY: -Math.sin(angle) * force * 1.5,
    turn: Math.random() * Math.PI,
    spin: (Math.random() - 0.5) * 14,
    side: 6 + Math.random() * 7,
    colour: colours[Math.floor(index / 2) % colours.length] ?? 'currentColor',
  };
}

function move(each: Scrap, step: number): void {
  const slower = (1 - DRAG) ** step;
  each.speedX *= slower;
  each.speedY = each.speedY * slower + GRAVITY * step;
  each.x += each.speedX * step;
  each.y += each.speedY * step;
  each.turn += each.spin * step;
}

function paint(pen: CanvasRenderingContext2D, { x, y, turn, side, colour }: Scrap, scale: number): void {
  pen.setTransform(scale, 0, 0, scale, x * scale, y * scale);
  pen.rotate(turn);
  pen.fillStyle = colour;
  pen.fillRect(-side / 2, -side / 3, side, side * 0.66);
}
