import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Episode } from './episode.ts';
import type { Flow } from './flow.ts';
import { toMarkdown } from './result-tables.ts';
import { flow, result } from './testing/results.ts';

const episode = (system: string, repetition: number, moves: Flow): Episode => ({
  system,
  repetition,
  moves,
  problems: {},
});

test('a figure is the median with its spread, and a ratio has the bounds that the spreads allow', () => {
  const text = toMarkdown(
    result([
      episode('ours', 1, flow(50)),
      episode('ours', 2, flow(60)),
      episode('ours', 3, flow(40)),
      episode('socket.io-redis', 1, flow(100)),
      episode('socket.io-redis', 2, flow(120)),
    ]),
  );
  assert.match(text, /\| OURS \| none \|.*\| 50 \(40–60\) \| 8,000 \(8,000–8,000\)/);
  assert.match(
    text,
    /### Times SOCKET\.IO-REDIS\n\n.*\n.*\n\| OURS \| none \| 1\.00 \(1\.00–1\.00\) \| 1\.00 \(1\.00–1\.00\) \| 0\.45 \(0\.33–0\.60\) \| – \|/,
  );
  assert.match(text, /Commit abc, .*2 cores/);
});

test('lost, duplicate and late deliveries are in the table, and problems below it', () => {
  const faulty = flow(50, { lost: 3, vanished: 2, duplicated: 7, late: 9 });
  const text = toMarkdown(result([{ ...episode('ours', 1, faulty), problems: { 'a socket was cut': 4 } }]));
  assert.match(text, /\| 8,000 \| 5 \| 7 \| 9 \| 0\.25 \|/);
  assert.match(text, /- ours, repetition 1: 4 × a socket was cut/);
});

test('a workload that was not measured has no table', () => {
  assert.doesNotMatch(toMarkdown(result([episode('ours', 1, flow(50))])), /Chat|Idle|killed|Times/);
});

test('a system that failed has a row that says so in its workload, with the reason below', () => {
  const late: Episode = {
    system: 'ours',
    repetition: 1,
    problems: { 'not measured: all: it took longer than 9 s': 1 },
  };
  const half: Episode = {
    ...episode('socket.io-redis', 1, flow(100)),
    problems: { 'not measured: chat: no answer': 1 },
  };
  const text = toMarkdown(result([late, half]));
  assert.match(text, /### Moves[^#]*\| OURS \| none \| failed \|/);
  assert.match(text, /### Chat[^#]*\| SOCKET\.IO-REDIS \| none \| failed \|/);
  assert.match(text, /- ours, repetition 1: 1 × not measured: all: it took longer than 9 s/);
  const again = toMarkdown(result([late, episode('ours', 2, flow(50))]));
  assert.match(again, /\| OURS \| none \| 1, 1 failed \|/);
});
