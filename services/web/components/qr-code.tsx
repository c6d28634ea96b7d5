import { generate } from 'lean-qr/nano';
import { useMemo } from 'preact/hooks';

/** The number of white modules that readers need around a code. */
const QUIET = 4;

/** A text as a QR code. It is black on white even in the dark scheme, because readers expect that. */
export function QrCode({ text, label }: { text: string; label: string }) {
  const { path, side } = useMemo(() => draw(text), [text]);
  return (
    <svg class="qr-code" data-testid="qr-code" role="img" aria-label={label} viewBox={`0 0 ${side} ${side}`}>
      <path class="qr-paper" d={`M0 0h${side}v${side}H0Z`} />
      <path class="qr-ink" d={path} shape-rendering="crispEdges" />
    </svg>
  );
}

/** One line for each run of black modules in a row. */
function draw(text: string): { path: string; side: number } {
  const code = generate(text);
  let path = '';
  for (let y = 0; y < code.size; y += 1) {
    for (let x = 0; x < code.size; x += 1) {
      if (!code.get(x, y)) continue;
      const from = x;
      while (x < code.size && code.get(x, y)) x += 1;
      path += `M${from + QUIET} ${y + QUIET}h${x - from}v1h${from - x}Z`;
    }
  }
  return { path, side: code.size + 2 * QUIET };
}
