import { command, exits } from '../kit/command.ts';

export default command('test', 'run the tests')
  .description(
    'Checks the source and runs the tests, or only the tests that you name. The last line counts what passed, failed ' +
      'and was skipped. Exits 1 when something failed.',
  )
  .usage('[options] [files, folders or patterns] [options of node --test]')
  .argument('[what...]', 'test files, folders or patterns, and options of node --test')
  .option('--unit', 'only checks, unit and property tests')
  .option('--integration', 'only integration and browser tests')
  .option('--lint', 'only format, lint and import rules, and plain English')
  .option('--checks', 'the same, and types')
  .option('--full', 'more repetitions and longer runs of everything that repeats')
  .option('--measure', 'run one file after the other, then write what each takes to tests/runner/durations.json')
  .allowUnknownOption()
  .action(
    exits(async (what, flags) => {
      const [{ chooseWhat }, { runTests }] = await Promise.all([
        import('../../tests/runner/options.ts'),
        import('../../tests/runner/run.ts'),
      ]);
      return (await runTests(chooseWhat(what, flags))) ? 0 : 1;
    }),
  );
