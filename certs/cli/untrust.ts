import { existsSync } from 'node:fs';
import { loadRetired, loadTrust, pathsOf } from '../directory/authority-files.ts';
import { forgetConsumer } from '../directory/consumers.ts';
import { readCertificates } from '../x509/pem.ts';
import { type Command, directoryOf, EXIT } from './command.ts';
import { storeFlags, storeOf } from './trust.ts';

export const command: Command = {
  name: 'untrust',
  summary: 'Takes back what trust did',
  flags: {
    ...storeFlags,
    root: { value: '<file>', multiple: true, help: 'these roots instead of those of the directory' },
  },
  async run(values, output) {
    const directory = directoryOf(values);
    const store = storeOf(values);
    const files = values.strings('root');
    const roots =
      files.length > 0 ? files.flatMap(readCertificates) : [...loadTrust(directory), ...loadRetired(directory)];
    for (const root of roots) await store.remove(root);
    if (existsSync(pathsOf(directory).root)) await forgetConsumer(directory, store.consumer);
    output.result(`${store.consumer.place} trusts no root of ${directory} any more`, {
      store: store.consumer,
      roots: roots.map(({ fingerprint256 }) => fingerprint256),
    });
    return EXIT.done;
  },
};
