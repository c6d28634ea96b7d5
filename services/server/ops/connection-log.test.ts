import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pino } from 'pino';
import { ConnectionLog } from './connection-log.ts';

function logged(level: string, crowd: number): { msg: string; player?: string; opened?: number; closed?: number }[] {
  const lines: string[] = [];
  const log = new ConnectionLog(pino({ level }, { write: (line: string) => void lines.push(line) }), { most: 2 });
  for (let index = 0; index < crowd; index += 1) log.opened({ connection: `c${index}`, player: `p${index}` }, {});
  log.closed({ connection: 'c0', player: 'p0' }, { code: 1000 });
  log.stop();
  return lines.map((line) => JSON.parse(line));
}

test('who comes and goes alone has a line each', () => {
  assert.deepEqual(
    logged('info', 2).map(({ msg, player }) => `${player} ${msg}`),
    ['p0 connection opened', 'p1 connection opened', 'p0 connection closed'],
  );
});

test('of a crowd it is said how many more there were', () => {
  const lines = logged('info', 7);
  assert.equal(lines.length, 4);
  const { opened, closed } = lines.at(-1)!;
  assert.deepEqual({ opened, closed }, { opened: 5, closed: 0 });
});

test('at the level debug everybody of a crowd has a line', () => {
  assert.equal(logged('debug', 7).filter(({ msg }) => msg === 'connection opened').length, 7);
});
