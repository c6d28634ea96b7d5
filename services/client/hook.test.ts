import assert from 'node:assert/strict';
import { test } from 'node:test';
import { capture, type Grid } from '../apps/grid/grid.ts';
import { createUseRoom, type RoomView } from './hook.ts';
import type { Room } from './room.ts';
import { installFakeDocument } from './testing/fake-document.ts';
import { Bench } from './testing/fake-network.ts';
import { EPOCH, eventMessage, GAME, snapshotMessage } from './testing/history.ts';

// Their types bring those of the DOM along, which are not Node's.
const load = (name: string): Promise<any> => import(name);
const { h, render } = await load('preact');
const { useSyncExternalStore } = await load('preact/compat');
const { act } = await load('preact/test-utils');

const useRoom = createUseRoom(useSyncExternalStore);

async function joined() {
  const bench = new Bench();
  const socket = await bench.open();
  const entering = bench.client.join(GAME);
  socket.say({ type: 'ack', id: socket.request('join').id, game: GAME, epoch: EPOCH, seq: 4 }, snapshotMessage(4));
  return { socket, room: await entering };
}

/** Renders a component that calls the hook; `passes` has the hook's value in each pass. */
function draw(room: Room<Grid> | undefined) {
  const body = installFakeDocument();
  const passes: (RoomView<Grid> | undefined)[] = [];
  function Cells() {
    const view = useRoom(room);
    passes.push(view);
    return h('p', null, view ? `${view.seq}: ${view.predicted.cells.join(' ')}` : 'no room');
  }
  const show = () => act(() => render(h(Cells, null), body));
  const hide = () => act(() => render(null, body));
  void show();
  return { body, passes, show, hide };
}

test('a component shows the state of the room, and each change of it', async () => {
  const { socket, room } = await joined();
  const { body } = draw(room);
  assert.equal(body.textContent, '4: -1 -1 -1 -1 -1 -1 -1 -1 -1');
  await act(() => socket.say(eventMessage(5)));
  assert.equal(body.textContent, '5: 0 -1 -1 -1 -1 -1 -1 -1 -1');
});

test('a command shows at once and is taken back when the server refuses it', async () => {
  const { socket, room } = await joined();
  const { body } = draw(room);
  await act(() => void room.send(capture(8)).catch(() => undefined));
  assert.equal(body.textContent, '4: -1 -1 -1 -1 -1 -1 -1 -1 0');
  const { id } = socket.request('capture');
  await act(() => socket.say({ type: 'error', id, code: 'cell_taken', message: 'Taken.' }));
  assert.equal(body.textContent, '4: -1 -1 -1 -1 -1 -1 -1 -1 -1');
});

test('the view is the same object until the room changes, so a component renders once per change', async () => {
  const { socket, room } = await joined();
  const { passes, show } = draw(room);
  await act(() => void room.send(capture(8)).catch(() => undefined));
  const drawn = passes.length;
  await show();
  assert.deepEqual([passes.length, passes.at(-1)], [drawn + 1, passes.at(-2)]);
  assert.equal(passes.at(-1), passes.at(-2));
  await act(() => socket.say(eventMessage(5), eventMessage(6)));
  assert.equal(passes.length, drawn + 2);
});

test('two components of one pass see the same view', async () => {
  const { socket, room } = await joined();
  const [one, other] = [draw(room), draw(room)];
  await act(() => socket.say(eventMessage(5)));
  assert.equal(one.passes.at(-1), other.passes.at(-1));
});

test('a removed component has no listeners, and without a room the hook returns undefined', async () => {
  const { room } = await joined();
  let listeners = 0;
  const on = room.on.bind(room);
  room.on = (type, listener) => {
    const off = on(type, listener);
    listeners += 1;
    return () => {
      listeners -= 1;
      off();
    };
  };
  const { show, hide } = draw(room);
  await show();
  assert.ok(listeners > 0);
  await hide();
  assert.equal(listeners, 0);
  assert.equal(draw(undefined).body.textContent, 'no room');
});
