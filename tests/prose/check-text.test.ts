import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { checkText } from './check-text.ts';
import { parseRules } from './rules.ts';

const rules = parseRules(`
longestSentence: 8
phrases:
  - { find: foo(s|ed)?, say: '"bar"', why: it is plain }
  - { find: '^qui\\b.*', say: a noun, sentence: true }
notYet: []
`);

/** The findings as `line phrase`. */
const found = (name: string, ...rows: string[]) =>
  checkText(rows.join('\n'), name, rules).map(({ line, phrase }) => `${line} ${phrase}`);

test('a finding names the line, the phrase and what to write', () => {
  assert.deepEqual(checkText('A\nfoo here.', 'a.md', rules), [
    { line: 2, phrase: 'foo', advice: 'write "bar"; it is plain' },
  ]);
});

test('a phrase is found in any case, as whole words only, and across rows', () => {
  assert.deepEqual(found('a.md', 'Fooed, and food.'), ['1 Fooed']);
  const split = parseRules("longestSentence: 8\nphrases: [{ find: out of it, say: 'x' }]\nnotYet: []");
  assert.equal(checkText('It comes out\nof it.', 'a.md', split)[0]!.line, 1);
});

test('a long sentence and a repeated word are found', () => {
  const [long, repeated] = [
    found('a.md', 'One two three four five six seven eight nine.'),
    found('a.md', `It ${'is '.repeat(2)}.`),
  ];
  assert.deepEqual(
    [long, repeated],
    [['1 One two three four five six seven eight nine.'], [`1 ${'is '.repeat(2).trim()}`]],
  );
});

test('a sentence may end with a number or a unit', () => {
  assert.deepEqual(found('a.md', 'One two three four takes 10 s. Six seven is 8. Nine ten eleven twelve.'), []);
});

test('a row that is set off, as in a help text, is not joined to the sentence before it', () => {
  const rows = ['say(`One two three four five', '  six seven eight nine ten`);'];
  assert.deepEqual(found('a.ts', ...rows), []);
});

test('a rule for sentences looks at each of them, but not at headings, cells and names of tests', () => {
  assert.deepEqual(found('a.md', '# Qui', '', 'It is so. Qui knows.', '', '| Qui |', '| --- |'), ['3 Qui knows.']);
  assert.deepEqual(found('a.ts', "test('qui comes goes');", "say('Qui comes so late.');"), ['2 Qui comes so late.']);
});

describe('Markdown', () => {
  test('lists, cells, links and HTML comments are read with their lines', () => {
    const rows = ['- foo', '- [foo](a)', '', '| a |', '| - |', '| foo |', '', '<!-- ', 'foo -->'];
    assert.deepEqual(found('a.md', ...rows), ['1 foo', '2 foo', '6 foo', '9 foo']);
  });

  test('code is left out', () => {
    assert.deepEqual(found('a.md', 'A `foo`.', '', '```sh', 'foo', '```', '', '    foo'), []);
  });
});

describe('TypeScript', () => {
  test('comments of every form are read', () => {
    const rows = ['/** foo */', 'f(/* foo */);', '// a', '// foo', 'g(); // foo', '/**', ' * @throws foo', ' */'];
    assert.deepEqual(found('a.ts', ...rows), ['1 foo', '2 foo', '4 foo', '5 foo', '7 foo']);
  });

  test('what only looks like a comment is not one', () => {
    assert.deepEqual(found('a.ts', "a('// foo');", 'b(`/* foo */`);', 'c(/[//] foo/);'), []);
    assert.deepEqual(found('a.tsx', 'const a = <p>https://foo/b</p>;'), []);
  });

  test('code in a comment is left out, and so are instructions to tools', () => {
    assert.deepEqual(
      found('a.ts', '// The `foo` here.', '', '// biome-ignore foo: a', '', '// @ts-expect-error foo'),
      [],
    );
  });

  test('messages are read through sums and templates', () => {
    const rows = [
      "fail('It has no ' +",
      "  'foo in ' + place);",
      'log(`There is no ${name(',
      "'it is a foo')} here`);",
    ];
    assert.deepEqual(found('a.ts', ...rows), ['2 foo', '4 foo']);
  });

  test('texts of pages are read', () => {
    assert.deepEqual(found('a.tsx', 'const a = <p className="a foo b">', 'There is foo here</p>;'), ['2 foo']);
  });

  test('types, imports and strings that are not messages are left out', () => {
    const rows = [
      "import 'a foo b';",
      "run('foo --a', 'foo');",
      "type A = 'it is foo';",
      "css('a { foo: b } c { d: e }');",
    ];
    assert.deepEqual(found('a.ts', ...rows), []);
  });
});

describe('other languages', () => {
  test('comments of a shell script are read, and strings with their start are not', () => {
    assert.deepEqual(found('a.sh', '#!/bin/foo', '# foo', 'a "# foo" b#foo  # foo'), ['2 foo', '3 foo']);
  });

  test('comments of YAML are read', () => {
    assert.deepEqual(found('a.yaml', '# foo', 'a: "# foo"  # foo', 'b: |', '  # foo'), ['1 foo', '2 foo']);
  });

  test('a row of YAML that a comment switches off is code', () => {
    assert.deepEqual(found('a.yaml', '# foo', '# foo:bar: 1 # or foo', '# foos'), ['1 foo', '3 foos']);
  });

  test('comments of Lua are read', () => {
    assert.deepEqual(found('a.lua', '-- foo', "a = '-- foo' -- foo"), ['1 foo', '2 foo']);
  });

  test('comments of a style sheet are read', () => {
    assert.deepEqual(found('a.css', '/* a', ' * foo */', 'a::after { content: "/* foo */" }'), ['2 foo']);
  });
});

describe('an exception', () => {
  test('covers its phrase in itself and in the rows after it', () => {
    const rows = ['// prose-allow: "foo", because the protocol says it.', '// A foo.', 'a();', 'a();', '// A foo.'];
    assert.deepEqual(found('a.ts', ...rows), ['5 foo']);
  });

  test('needs a reason', () => {
    assert.deepEqual(found('a.ts', '// prose-allow: "foo"', 'a();', '// A foo.'), ['1 prose-allow', '3 foo']);
  });

  test('has to cover something', () => {
    const comment = '<!-- prose-allow: "foo", because it was so. -->';
    assert.deepEqual(found('a.md', comment), ['1 prose-allow: "foo"']);
  });
});
