import assert from 'node:assert/strict';
import { test } from 'node:test';
import { shortened } from './commands.ts';

test('only the section on configuration is shortened, and the sections after it stay complete', () => {
  const help = [
    'Usage: gridlock open [options]',
    '',
    'Configuration (each flag is also a key):',
    '  --stack <name>  which file is read',
    '                  (default dev)',
    '',
    'Options:',
    '  -h, --help  print this help',
  ].join('\n');
  assert.equal(
    shortened(help),
    [
      'Usage: gridlock open [options]',
      '',
      'Configuration: a flag for each key, see configuration.md.',
      '',
      'Options:',
      '  -h, --help  print this help',
    ].join('\n'),
  );
});
