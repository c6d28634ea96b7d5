import { command, exits } from '../kit/command.ts';

export default command('golden', 'render the golden manifests again')
  .description(
    'Renders the manifests in infra/golden again. Look at the difference before you commit it: it is what a change ' +
      'does to a cluster.',
  )
  .action(
    exits(async () => {
      const { renderGoldens } = await import('../../infra/golden/golden.ts');
      await renderGoldens();
      return 0;
    }),
  );
