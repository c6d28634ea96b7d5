import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { UsageError } from '../infra/usage-error.ts';
import { command, exits, refuseSwallowedFlags } from './kit/command.ts';
import { describeError } from './kit/errors.ts';
import { duration, integer } from './kit/values.ts';

const stateDir = mkdtempSync(path.join(os.tmpdir(), 'gridlock-cli-'));
after(() => rmSync(stateDir, { recursive: true, force: true }));

const main = (...args: string[]) =>
  spawnSync(
    process.execPath,
    ['--disable-warning=ExperimentalWarning', path.join(import.meta.dirname, 'main.ts'), ...args],
    {
      encoding: 'utf8',
    },
  );

test('a wrong flag is one line with the nearest flag and where to look, exit code 2, and no stack', () => {
  const { status, stdout, stderr } = main('start', '--replica', '2');
  assert.deepEqual([status, stdout], [2, '']);
  assert.equal(stderr, 'Unknown option \'--replica\'. Did you mean --replicas? See "gridlock start --help".\n');
});

test('with --json a wrong flag of certs is JSON also from the launcher', () => {
  const launcher = path.join(import.meta.dirname, 'gridlock.mjs');
  const args = [launcher, 'certs', 'crl', '--nonsense', '--json'];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
  assert.deepEqual([status, stderr], [2, '']);
  assert.equal((JSON.parse(stdout) as { error: { code: string } }).error.code, 'invalid_usage');
});

test('status without a terminal is JSON, exit code 1 when nothing runs', () => {
  const { status, stdout, stderr } = main('status', '--state-dir', stateDir);
  assert.deepEqual([status, stderr], [1, '']);
  assert.deepEqual(JSON.parse(stdout), { running: false });
});

test('a value that is refused names the flag, the value and what is allowed', async () => {
  const refused = async (...args: string[]) => {
    const wait = command('wait', 'wait')
      .option('--count <n>', 'how often', integer(1, 9))
      .option('--for <time>', 'how long', duration('10s', '1h'))
      .action(exits(() => 0));
    return wait.parseAsync(args, { from: 'user' }).then(() => undefined, describeError);
  };
  assert.equal(await refused('--count', '9', '--for', '90s'), undefined);
  for (const [flag, value, allowed] of [
    ['--count', '10', 'a whole number from 1 to 9'],
    ['--count', '1e0', 'a whole number from 1 to 9'],
    ['--count', '', 'a whole number from 1 to 9'],
    ['--for', '2h', '10s to 1h'],
  ] as const) {
    const { text, exitCode } = (await refused(flag, value))!;
    assert.equal(exitCode, 2);
    assert.ok(text.includes(flag) && text.includes(`'${value}'`) && text.includes(allowed), text);
  }
});

test('an expected error prints its sentence, an error of the system has no stack, and anything else is called a bug', () => {
  assert.deepEqual(describeError(new UsageError('No.')), { text: 'No.', exitCode: 2 });
  assert.deepEqual(describeError(Object.assign(new Error('Tried.'), { exitCode: 1 })), { text: 'Tried.', exitCode: 1 });
  const refused = describeError(Object.assign(new Error('EACCES: /x'), { syscall: 'open' }));
  assert.deepEqual(refused, { text: 'The system refused it: EACCES: /x.', exitCode: 1 });
  const bug = describeError(new TypeError('x is undefined'));
  assert.equal(bug.exitCode, 1);
  assert.match(bug.text, /^This is a bug in Gridlock\..*\nTypeError: x is undefined\n {4}at /);
});

test('a flag that npm kept for itself is refused with where it belongs', () => {
  const start = command('start', 'start').option('--port <value>', 'port').option('--json', 'JSON');
  const refusal = (env: NodeJS.ProcessEnv) => {
    try {
      refuseSwallowedFlags(start, 'start', env);
      return undefined;
    } catch (error) {
      return (error as Error).message;
    }
  };
  assert.equal(refusal({}), undefined);
  assert.equal(
    refusal({ npm_config_port: 'true' }),
    'npm took --port for itself; flags come after two dashes: npm start -- --port ...',
  );
  assert.equal(
    refusal({ npm_config_json: 'true' }),
    'npm took --json for itself; flags come after two dashes: npm start -- --json',
  );
});
