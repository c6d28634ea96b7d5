import { command, exits } from '../kit/command.ts';
import { addConfigOptions, configArgs } from '../kit/config-options.ts';

const outputs = command('outputs', 'print the outputs of a stack on Kubernetes')
  .description('Prints the outputs of a stack that gridlock up brought up: all of them, or the bare value of one.')
  .argument('[name]', 'one output, such as address or kubeconfig')
  .option('--json', 'print JSON')
  .option('--show-secrets', 'print secret ones too');

export default addConfigOptions(outputs, ['stateDir']).action(
  exits(async (name, { json, showSecrets, ...options }) => {
    const { outputs: print } = await import('../../infra/up/outputs.ts');
    return print(name, configArgs(options), { json, showSecrets });
  }),
);
