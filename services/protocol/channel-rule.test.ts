import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as v from 'valibot';
import { type AnyChannelRule, ChannelName, isRuleName, matchChannel } from './channel-rule.ts';

const rule = (name: string): AnyChannelRule => ({
  name,
  data: v.unknown(),
  subscribe: 'everyone',
  publish: 'everyone',
  history: { messages: 1, seconds: 1 },
  presence: false,
});
const RULES = ['lobby', 'lobby:private', '{room}', 'board:{room}', 'news:*', 'news:sport'].map(rule);
const ruleOf = (channel: string) => {
  const match = matchChannel(RULES, channel);
  return match && [match.rule.name, match.room];
};

test('a fixed name, a room and a wildcard match', () => {
  assert.deepEqual(ruleOf('lobby'), ['lobby', undefined]);
  assert.deepEqual(ruleOf('lobby:private'), ['lobby:private', undefined]);
  assert.deepEqual(ruleOf('ABCDEF'), ['{room}', 'ABCDEF']);
  assert.deepEqual(ruleOf('board:ABCDEF'), ['board:{room}', 'ABCDEF']);
  assert.deepEqual(ruleOf('news:2026'), ['news:*', undefined]);
});

test('the first rule that matches applies', () => assert.deepEqual(ruleOf('news:sport'), ['news:*', undefined]));

test('nothing else matches', () => {
  for (const channel of ['', 'lobb', 'lobby2', 'lobby:', 'abcdef', 'board:', 'board:abcdef', 'news', 'news:a:b']) {
    assert.equal(ruleOf(channel), undefined, channel);
  }
});

test('the name of a channel consists of parts', () => {
  for (const name of ['lobby', 'a:b:c', 'A-Z_0.9', 'x'.repeat(64)]) assert.ok(v.is(ChannelName, name), name);
  for (const name of ['', ':', 'a:', ':a', 'a::b', 'a b', 'ä', '{room}', 'news:*', 'x'.repeat(65)]) {
    assert.ok(!v.is(ChannelName, name), name);
  }
});

test('the name of a rule consists of parts, and one of them may be the room', () => {
  for (const name of ['lobby', '{room}', 'board:{room}', 'news:*', '*']) assert.ok(isRuleName(name), name);
  for (const name of ['', 'a:', '{rooms}', 'x{room}', '{room}:{room}', 'news*', 'a b', 7, undefined]) {
    assert.ok(!isRuleName(name), String(name));
  }
});
