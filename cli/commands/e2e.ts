import { CHARTS } from '../../infra/config/cluster-keys.ts';
import type { Options } from '../../tests/e2e/options.ts';
import { command, exits } from '../kit/command.ts';
import { addConfigOptions, CLUSTER } from '../kit/config-options.ts';
import { oneOf } from '../kit/values.ts';

const list = (text: string, previous: readonly string[] = []): string[] => [
  ...previous,
  ...text.split(',').filter(Boolean),
];

const e2e = command('e2e', 'test the whole system on a kind cluster')
  .description(
    'Brings the whole system up on a kind cluster, plays on it while parts of it fail, and takes it down. In the mode ' +
      '"full" the Pulumi CLI does that, with the charts; in the mode "plain" the manifests of the program are applied as ' +
      'they are, with a plain HAProxy and certificates of certs/.',
  )
  .option('--mode <mode>', 'full or plain (default: full where it is possible)', oneOf(['full', 'plain']))
  .option('--charts <directory>', `directory with the charts (${CHARTS.certManager.name}, ...), instead of registries`)
  .option('--load <images>', "images of this machine's Docker to load into the cluster, separated by commas", list)
  .option('--only <scenarios>', 'only these scenarios, separated by commas; an unknown name lists them all', list)
  .option('--json <file>', 'write every step with its time and result there')
  .option('--keep', 'keep the cluster, and print where it is');

// The directory of --charts becomes that key.
const KEYS = CLUSTER.filter((key) => key !== 'charts');

const declared = addConfigOptions(e2e, KEYS);

/** The options of the end-to-end test, from those of the command. */
export function runOptions({ stack: _stack, ...given }: ReturnType<typeof declared.opts>): Options {
  const { mode, charts, load = [], only = [], json, keep, ...settings } = given;
  return { mode, charts, load, only, json, keep: keep === true, settings };
}

export default declared.action(
  exits(async (options) => {
    const { runEndToEnd } = await import('../../tests/e2e/main.ts');
    return (await runEndToEnd(runOptions(options))) ? 0 : 1;
  }),
);
