import { loadRetired, loadRoot, loadTrust, pathsOf } from '../directory/authority-files.ts';
import { type Consumer, recordConsumer } from '../directory/consumers.ts';
import { type TrustStore, trustStore } from '../lifecycle/trust-store.ts';
import { subjectText } from '../x509/summary.ts';
import { type Command, directoryOf, EXIT, type Flag, usage, type Values } from './command.ts';

export const storeFlags: Record<string, Flag> = {
  store: {
    value: '<store>',
    help: 'system (Debian or macOS, the default) or nss (Chromium and Chrome on Linux)',
  },
  'nss-database': { value: '<directory>', help: "the browser's database (default ~/.pki/nssdb)" },
  'debian-directory': { value: '<directory>', help: 'instead of /usr/local/share/ca-certificates' },
  'debian-etc': { value: '<directory>', help: 'instead of /etc/ssl/certs' },
};

/** The store that the flags mean. */
export function storeOf(values: Values): TrustStore {
  const name = values.string('store') ?? 'system';
  if (name !== 'system' && name !== 'nss') throw usage(`"${name}" is no store: use system or nss.`);
  const system: Consumer['kind'] = process.platform === 'darwin' ? 'macos' : 'debian';
  const [local, etc] = [values.string('debian-directory'), values.string('debian-etc')];
  return trustStore(name === 'nss' ? 'nss' : system, {
    nssDatabase: values.string('nss-database'),
    debian: local === undefined || etc === undefined ? undefined : { local, etc },
  });
}

export const command: Command = {
  name: 'trust',
  summary: 'Lets this machine, or its browser, trust the roots of the directory',
  details: `
While the root is rolled over that is both roots: run it again after "rollover accept" and after "rollover retire",
which then also removes the root that was retired. The place is remembered, so that rollover can tell what it lacks.`,
  flags: storeFlags,
  async run(values, output) {
    const directory = directoryOf(values);
    const roots = loadTrust(directory);
    if (roots.length === 0) throw usage(`${pathsOf(directory).root} is missing: name the --dir of an authority.`);
    const store = storeOf(values);
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
  },
};
