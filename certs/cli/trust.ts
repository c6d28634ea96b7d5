import { command, EXIT } from './command.ts';
import { addCommonOptions, directoryOf } from './options.ts';
import { runs, usage } from './output.ts';
import { DEBIAN_DIRECTORY, DEBIAN_ETC, NSS_DATABASE, STORE, storeOf } from './store-options.ts';

const trust = command('trust', 'let this machine or browser trust the root')
  .description('Lets this machine, or its browser, trust the roots of the directory.')
  .addOption(STORE)
  .addOption(NSS_DATABASE)
  .addOption(DEBIAN_DIRECTORY)
  .addOption(DEBIAN_ETC)
  .addHelpText(
    'after',
    `
While the root is rolled over there are two. Run this again after "rollover accept" and after
"rollover retire", which then also removes the retired root. The place is remembered, so that
rollover can say what it lacks.`,
  );

export default addCommonOptions(trust).action(
  runs(async (output, options) => {
    const { loadRetired, loadRoot, loadTrust, pathsOf } = await import('../directory/authority-files.ts');
    const { recordConsumer } = await import('../directory/consumers.ts');
    const { subjectText } = await import('../x509/summary.ts');
    const directory = directoryOf(options);
    const roots = loadTrust(directory);
    if (roots.length === 0) throw usage(`${pathsOf(directory).root} is missing: name the --dir of an authority.`);
    const store = await storeOf(options);
    for (const root of roots) await store.add(root);
    for (const root of loadRetired(directory)) await store.remove(root);
    await recordConsumer(directory, store.consumer);
    const subjects = roots.map(subjectText);
    output.result(`${store.consumer.place} trusts ${subjects.join(' and ')}; untrust takes it back`, {
      store: store.consumer,
      roots: roots.map(({ fingerprint256 }) => fingerprint256),
      issuing: loadRoot(directory)?.fingerprint256,
    });
    return EXIT.done;
  }),
);
