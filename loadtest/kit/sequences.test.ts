import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Received } from './history.ts';
import { wireFaults } from './sequences.ts';

const event = (seq: number, epoch = 'e'): Received => ({ kind: 'event', game: 'AAAAAA', epoch, seq });
const snapshot = (seq: number, epoch = 'e'): Received => ({ kind: 'snapshot', game: 'AAAAAA', epoch, seq });
const welcome = (seq?: number): Received => ({
  kind: 'welcome',
  known: seq === undefined ? [] : [{ game: 'AAAAAA', epoch: 'e', seq }],
});
const socketFaultsOf = (...received: Received[]) => wireFaults(received).map(({ fault }) => fault);

test('a socket that goes on from where the client stood has no fault', () => {
  assert.deepEqual(socketFaultsOf(welcome(), snapshot(3), event(4), event(5), welcome(5), event(6)), []);
});

test('an event that came twice over one socket is a duplicate', () => {
  assert.deepEqual(socketFaultsOf(welcome(), snapshot(3), event(4), event(4)), ['duplicate']);
});

test('an event that a resume sends again is a duplicate', () => {
  assert.deepEqual(socketFaultsOf(welcome(), snapshot(3), event(4), welcome(4), event(4)), ['duplicate']);
});

test('an event that a socket leaves out is a gap', () => {
  assert.deepEqual(socketFaultsOf(welcome(), snapshot(3), event(4), event(6)), ['gap']);
});

test('an event that a resume leaves out is a gap', () => {
  assert.deepEqual(socketFaultsOf(welcome(), snapshot(3), welcome(3), event(5)), ['gap']);
});

test('an event of another epoch without the snapshot that announces it is a gap', () => {
  assert.deepEqual(socketFaultsOf(welcome(), snapshot(3), event(4, 'f')), ['gap']);
  assert.deepEqual(socketFaultsOf(welcome(), snapshot(3), snapshot(3, 'f'), event(4, 'f')), []);
});
