import { command, exits } from '../kit/command.ts';

export default command('screenshots', 'take the pictures of the documentation')
  .description(
    'Starts a cluster, plays on it, and writes the pictures of the page to docs/images. Look at them before you commit ' +
      'them. Name some to take only those; a wrong name lists all.',
  )
  .argument('[names...]', 'pictures to take')
  .option('--directory <directory>', 'where they go', 'docs/images')
  .action(
    exits(async (names, { directory }) => {
      const { takeScreenshots } = await import('../../tests/screenshots/take.ts');
      await takeScreenshots(names, directory);
      return 0;
    }),
  );
