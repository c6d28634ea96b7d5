import { existsSync } from 'node:fs';
import { command, EXIT } from './command.ts';
import { addCommonOptions, directoryOf } from './options.ts';
import { runs } from './output.ts';
import { DEBIAN_DIRECTORY, DEBIAN_ETC, NSS_DATABASE, STORE, storesOf } from './store-options.ts';
import { several } from './values.ts';

const untrust = command('untrust', 'undo trust')
  .description('Removes the roots that trust installed.')
  .addOption(STORE)
  .addOption(NSS_DATABASE)
  .addOption(DEBIAN_DIRECTORY)
  .addOption(DEBIAN_ETC)
  .option('--root <file>', 'these roots instead of those of the directory; may be repeated', several(String));

export default addCommonOptions(untrust).action(
  runs(async (output, options) => {
    const { loadRetired, loadTrust, pathsOf } = await import('../directory/authority-files.ts');
    const { forgetConsumer } = await import('../directory/consumers.ts');
    const { readCertificates } = await import('../x509/pem.ts');
    const directory = directoryOf(options);
    const { stores, isNamed } = await storesOf(options);
    const named = options.root?.flatMap(readCertificates);
    const roots = named ?? [...loadTrust(directory), ...loadRetired(directory)];
    const changed = stores.filter((store) => isNamed || store.obstacle() === undefined);
    for (const store of stores)
      if (!changed.includes(store)) output.warn(`${store.readers} are skipped: ${store.obstacle()}`);
    for (const store of changed) {
      for (const root of roots) await store.remove(root);
      if (existsSync(pathsOf(directory).root)) await forgetConsumer(directory, store.consumer);
    }
    const lines = changed.map(({ consumer }) => `${consumer.place} no longer trusts a root of ${directory}`);
    output.result(lines.join('\n') || 'No store of this machine could be changed.', {
      store: changed[0]?.consumer,
      stores: changed.map(({ consumer }) => consumer),
      roots: roots.map(({ fingerprint256 }) => fingerprint256),
    });
    return EXIT.done;
  }),
);
