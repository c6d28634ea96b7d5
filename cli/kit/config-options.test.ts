import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Command } from '@commander-js/extra-typings';
import { addConfigOptions, configArgs, LOCAL } from './config-options.ts';

const args = (...given: string[]) =>
  configArgs(addConfigOptions(new Command('start'), LOCAL).parse(given, { from: 'user' }).opts());

test('the given flags reach the configuration unchanged', () => {
  assert.deepEqual(args('--port', '9443', '--stack=dev', '--guests', 'false'), [
    '--port=9443',
    '--guests=false',
    '--stack=dev',
  ]);
  assert.deepEqual(args(), []);
});

test('a flag of a list may be repeated, and of any other flag the last value counts', () => {
  const origins = ['--allowed-origin', 'https://a.example', '--allowed-origin=https://b.example'];
  assert.deepEqual(args(...origins, '--port', '1', '--port', '2'), [
    '--port=2',
    '--allowed-origin=https://a.example,https://b.example',
  ]);
});
