import { createClient, type GridlockError, type Room } from '../../../client/browser.ts';
import { BOARD, COLOURS, type Command, type Point } from '../types.ts';
import { type Pointer, type Whiteboard, whiteboard } from '../whiteboard.ts';
import { Pen } from './pen.ts';
import { type Colour, Picture } from './picture.ts';
import { Pointers } from './pointers.ts';

/** The shortest time between two messages about a pointer: a player may publish ten messages in ten seconds. */
const POINTER_MS = 1200;
const STEP = 16;

const part = <Type extends HTMLElement>(id: string): Type => document.getElementById(id) as Type;
const canvas = part<HTMLCanvasElement>('board');
const chosen = (name: string) => document.querySelector<HTMLInputElement>(`input[name="${name}"]:checked`)!.value;

part('colours').append(
  ...COLOURS.map((colour, index) => {
    const label = document.createElement('label');
    const input = Object.assign(document.createElement('input'), { type: 'radio', name: 'colour', value: colour });
    input.checked = index === 1;
    const swatch = Object.assign(document.createElement('span'), { className: 'swatch' });
    swatch.dataset['colour'] = colour;
    swatch.style.background = colour === 'ink' ? 'var(--ink)' : `var(--ink-${colour})`;
    label.append(
      input,
      swatch,
      Object.assign(document.createElement('span'), { className: 'hidden-name', textContent: colour }),
    );
    return label;
  }),
);

const client = createClient({ room: whiteboard });
const picture = new Picture(canvas);
const pointers = new Pointers(part('pointers'));
let room: Room<Whiteboard> | undefined;
let here = '';

const status = (text: string, isBad = false) => {
  part('status').textContent = text;
  part('status').classList.toggle('bad', isBad);
};
const complain = ({ code, message }: GridlockError | (Error & { code?: string })) => {
  // Somebody else was first: the board shows it.
  if (code !== 'no_such_stroke' && code !== 'board_empty') status(message, true);
};
const send = (command: Command) => void room?.send(command).catch(complain);
const pen = new Pen((line) => send({ kind: 'draw', ...line, points: [...line.points] }));

function show(): void {
  picture.live = pen.line;
  picture.show(room?.predicted.strokes);
}

function point(at: Point): void {
  if (!room || performance.now() - pointedAt < POINTER_MS || client.state !== 'open') return;
  pointedAt = performance.now();
  const pointer: Pointer = { x: at[0], y: at[1] };
  void client.publish(`pointers:${room.code}`, pointer).catch(() => undefined);
}
let pointedAt = 0;

/** What the tool does where it touches the board. */
function touch(at: Point): void {
  if (chosen('tool') === 'pen') return pen.down(at, chosen('colour') as Colour, Number(chosen('width')));
  const stroke = picture.strokeAt(at);
  if (stroke !== undefined) send({ kind: 'erase', stroke });
}

canvas.addEventListener('pointerdown', (event) => {
  canvas.setPointerCapture(event.pointerId);
  picture.cross = undefined;
  touch(picture.placeOf(event));
  show();
});
canvas.addEventListener('pointermove', (event) => {
  point(picture.placeOf(event));
  if (event.buttons === 0) return;
  for (const each of event.getCoalescedEvents?.() ?? [event]) {
    const at = picture.placeOf(each);
    if (chosen('tool') === 'pen') pen.move(at);
    else touch(at);
  }
  show();
});
for (const type of ['pointerup', 'pointercancel'] as const) {
  canvas.addEventListener(type, () => {
    pen.up();
    show();
  });
}

const ARROWS: Readonly<Record<string, readonly [number, number]>> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};
canvas.addEventListener('keydown', (event) => {
  const at: Point = picture.cross ?? [BOARD.width / 2, BOARD.height / 2];
  const arrow = ARROWS[event.key];
  if (arrow) {
    const clamp = (value: number, most: number) => Math.min(most, Math.max(0, value));
    picture.cross = [clamp(at[0] + arrow[0] * STEP, BOARD.width), clamp(at[1] + arrow[1] * STEP, BOARD.height)];
    pen.move(picture.cross);
    point(picture.cross);
  } else if (event.key === ' ') {
    picture.cross = at;
    if (pen.line) pen.up();
    else pen.down(at, chosen('colour') as Colour, Number(chosen('width')));
  } else if (event.key === 'Delete' || event.key === 'Backspace') {
    const stroke = picture.strokeAt(at);
    if (stroke !== undefined) send({ kind: 'erase', stroke });
  } else return;
  event.preventDefault();
  show();
});
canvas.addEventListener('blur', () => {
  pen.up();
  picture.cross = undefined;
  show();
});

part('clear').addEventListener('click', () => send({ kind: 'clear' }));
part('share').addEventListener('click', () => {
  navigator.clipboard.writeText(location.href).then(
    () => status('link copied'),
    () => status(location.href),
  );
});

client.on('state', ({ state }) => status(state));
client.on('presence', ({ count, players }) => {
  const names = players.map(({ name }) => name).join(', ');
  part('players').textContent = `${count} here: ${names}`;
  pointers.keep(new Set(players.map(({ id }) => id)));
});
client.on('message', ({ player, data, replayed }) => {
  if (!replayed && player.id !== here) pointers.show(player, data as Pointer);
});

/** The board in the address, or a board that anybody may join. */
async function open(): Promise<void> {
  await client.connect();
  here = client.player!.id;
  const code = location.hash.slice(1).toUpperCase();
  room = (await (code === '' ? client.create({}) : client.join(code))) as Room<Whiteboard>;
  location.hash = room.code;
  part('name').textContent = room.state.name;
  room.on('change', show);
  await client.subscribe(`pointers:${room.code}`);
  show();
}

void open().catch(complain);
addEventListener('hashchange', () => {
  if (room && location.hash.slice(1).toUpperCase() !== room.code) location.reload();
});
