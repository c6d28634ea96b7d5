import type { Cue } from '../model/cues.ts';

/** A tone: its pitch, its start after the cue, and its duration. */
interface Note {
  readonly hertz: number;
  readonly afterMs: number;
  readonly lastsMs: number;
}

const LOUDNESS = 0.12;
const ATTACK_S = 0.006;
/** An exponential envelope never reaches zero. */
const SILENCE = 0.0001;

const chord = (gapMs: number, lastsMs: number, ...pitches: number[]): Note[] =>
  pitches.map((hertz, index) => ({ hertz, afterMs: index * gapMs, lastsMs }));

/** Short tones for what happens often, and a fanfare in C for the winner. */
const NOTES: Readonly<Record<Cue, readonly Note[]>> = {
  capture: chord(0, 90, 659.25),
  refused: chord(60, 110, 233.08, 196),
  start: chord(90, 140, 523.25, 783.99),
  win: chord(110, 320, 523.25, 659.25, 783.99, 1046.5),
  end: chord(140, 260, 523.25, 392),
};

let context: AudioContext | undefined;

/** Browsers allow sound only after the user has interacted with the page. */
export function unlockSound(): void {
  if (context || typeof AudioContext === 'undefined') return;
  const unlock = () => {
    context ??= new AudioContext();
    if (context.state === 'suspended') context.resume().catch(() => undefined);
  };
  for (const gesture of ['pointerdown', 'keydown']) addEventListener(gesture, unlock, { capture: true });
}

/** Plays a cue; silent before the first gesture. */
export function playSound(cue: Cue): void {
  if (!context) return;
  const start = context.currentTime;
  for (const { hertz, afterMs, lastsMs } of NOTES[cue]) {
    const from = start + afterMs / 1000;
    const until = from + lastsMs / 1000;
    const tone = new OscillatorNode(context, { type: 'triangle', frequency: hertz });
    const envelope = new GainNode(context, { gain: SILENCE });
    envelope.gain.setValueAtTime(SILENCE, from);
    envelope.gain.exponentialRampToValueAtTime(LOUDNESS, from + ATTACK_S);
    envelope.gain.exponentialRampToValueAtTime(SILENCE, until);
    tone.connect(envelope).connect(context.destination);
    tone.start(from);
    tone.stop(until);
  }
}
