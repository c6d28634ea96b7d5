import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RECORD_TYPE, recorded } from '../config/changes.ts';
import { type Config, stackConfig } from '../config/config.ts';
import { record } from '../render/recorder.ts';
import { RecordedConfiguration, requireStackChangeable } from './recorded-configuration.ts';

const config = (values: Readonly<Record<string, string>> = {}) => stackConfig('dev', values);

/** Runs the check in an engine whose stack was brought up with a configuration, or, without one, never was. */
async function check(before: Config | undefined, after: Config, env: NodeJS.ProcessEnv = {}): Promise<void> {
  const asked: string[] = [];
  const outputs = before === undefined ? {} : { 'urn:x': { type: RECORD_TYPE, outputs: { values: recorded(before) } } };
  let failure: unknown;
  await record(
    async () => {
      await requireStackChangeable(after, env).catch((error: unknown) => (failure = error));
    },
    {
      calls: {
        'pulumi:pulumi:readStackOutputs': ({ name }) => {
          asked.push(String(name));
          return { outputs: before === undefined ? {} : { url: 'https://localhost' } };
        },
        'pulumi:pulumi:readStackResourceOutputs': ({ stackName }) => {
          assert.ok(before, 'a stack without resources is not asked for them');
          asked.push(String(stackName));
          return { name: stackName, outputs };
        },
      },
    },
  );
  assert.deepEqual([...new Set(asked)], ['organization/gridlock/dev']);
  if (failure !== undefined) throw failure;
}

test('the record is in the state, as the outputs of a component', async () => {
  const made = await record(() => void new RecordedConfiguration('configuration', config()));
  made.one(RECORD_TYPE, 'configuration');
});

test('a stack that was never up accepts any configuration', () =>
  check(undefined, config({ 'gridlock:workers': '3' })));

test('a change that cannot be made is refused by the program itself', async () => {
  await assert.rejects(check(config(), config({ 'gridlock:workers': '3' })), /workers changes from 2 to 3/);
  await check(config(), config({ 'gridlock:maxSockets': '100' }));
});

test('a loss is accepted by a variable of the environment', async () => {
  const after = config({ 'gridlock:redis': 'external', 'gridlock:redisUrl': 'rediss://redis.example' });
  await assert.rejects(check(config(), after), /GRIDLOCK_ACCEPT_DATA_LOSS=true for pulumi up/);
  await check(config(), after, { GRIDLOCK_ACCEPT_DATA_LOSS: 'true' });
});
