import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseCommand } from './command-words.ts';
import { PreflightError } from './errors.ts';

const wordsOf = (text: string) => {
  const command = parseCommand(text);
  return 'words' in command ? command.words : undefined;
};

for (const [text, words] of [
  ['node server.js', ['node', 'server.js']],
  ['  node\t--port   3000 ', ['node', '--port', '3000']],
  [`node 'my server.js' "a b"`, ['node', 'my server.js', 'a b']],
  [String.raw`node a\ b "say \"hi\" \n"`, ['node', 'a b', String.raw`say "hi" \n`]],
  [`node ''`, ['node', '']],
  [`node --name="a"b'c'`, ['node', '--name=abc']],
  [`node '$HOME' '*'`, ['node', '$HOME', '*']],
  ['node a#b --x=y', ['node', 'a#b', '--x=y']],
] as const) {
  test(`${text} is run without a shell`, () => {
    assert.deepEqual(wordsOf(text), words);
  });
}

for (const text of [
  'cd app && node server.js',
  'node server.js | tee log',
  'node $MAIN',
  'node "$MAIN"',
  'node "`which x`"',
  'DEBUG=1 node server.js',
  'node *.js',
  'node ~/server.js',
  'node server.js > log',
  'node server.js # the server',
  '(node server.js)',
]) {
  test(`${text} is left to sh`, () => {
    assert.deepEqual(parseCommand(text), { script: text });
  });
}

for (const text of [`node 'server.js`, 'node "server.js', `node "it's`]) {
  test(`${text} is refused, as its quote does not end`, () => {
    assert.throws(() => parseCommand(text), PreflightError);
  });
}

test('a command that is run without a shell has the words that sh would give it', () => {
  const piece = fc.constantFrom('a', 'b ', ' ', "'", '"', '\\', '=', '#', '-', '/', 'é');
  const texts = fc.array(
    fc.array(piece, { maxLength: 12 }).map((parts) => `printf x ${parts.join('')}`),
    { minLength: 20, maxLength: 20 },
  );
  fc.assert(
    fc.property(texts, (commands) => {
      const known = commands.flatMap((text) => {
        try {
          const words = wordsOf(text);
          // A backslash at the end means different things to different shells.
          return words && !text.endsWith('\\') ? [{ text, words }] : [];
        } catch {
          return [];
        }
      });
      const script = known.map(({ text }) => `set -- ${text}; printf '%s\\0' "$@"; printf '\\1'`).join('\n');
      const output = execFileSync('sh', ['-c', script], { encoding: 'utf8' });
      const seen = output
        .split('\u0001')
        .slice(0, -1)
        .map((each) => each.split('\0').slice(0, -1));
      assert.deepEqual(
        seen,
        known.map(({ words }) => words),
      );
    }),
    { numRuns: 10 },
  );
});
