import { command, exits } from '../kit/command.ts';
import { addConfigOptions, configArgs } from '../kit/config-options.ts';

const outputs = command('outputs', 'print what a stack on Kubernetes is used with')
  .description('Prints the outputs of a stack that gridlock up brought up: all, or one as it is.')
  .argument('[name]', 'one output, such as address or kubeconfig')
  .option('--json', 'print JSON')
  .option('--show-secrets', 'print secret ones too');

export default addConfigOptions(outputs, ['stateDir']).action(
  exits(async (name, { json, showSecrets, ...options }) => {
    const { outputs: print } = await import('../../infra/up/outputs.ts');
    return print(name, configArgs(options), { json, showSecrets });
  }),
);
