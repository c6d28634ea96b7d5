import { initAuthority } from '../lifecycle/init.ts';
import { readPassphrase } from '../text-file.ts';
import { parseKeyType } from '../x509/keys.ts';
import { type Command, directoryOf, EXIT, nameFlags, parseDays, passphraseFlag } from './command.ts';
import { summaryText } from './text.ts';

const day = 24 * 60 * 60 * 1000;

export const command: Command = {
  name: 'init',
  summary: 'Makes a root and an intermediate, and nothing else',
  details: `
Without --dns and --ip the intermediate may sign for localhost, 127.0.0.1 and ::1. With them, only for those
and for what is below the DNS names. Refuses to write over an authority.`,
  flags: {
    ...nameFlags,
    'key-type': { value: '<type>', help: 'P-256 (default), P-384, RSA-2048, RSA-4096 or Ed25519' },
    'root-days': { value: '<days>', help: 'how long the root is valid (default 3650)' },
    'intermediate-days': { value: '<days>', help: 'and the intermediate (default 90)' },
    'leaf-days': { value: '<days>', help: 'and what it signs (default 7)' },
    'crl-url': {
      value: '<http-url>',
      help: 'where revocation lists will be served, as http://game.example/crl',
    },
    ...passphraseFlag,
  },
  async run(values, output) {
    const keyType = values.string('key-type');
    const passphraseFile = values.string('passphrase-file');
    const days = (name: string, otherwise: number) => (parseDays(values.string(name)) ?? otherwise * day) / day;
    const lives = {
      root: days('root-days', 3650),
      intermediate: days('intermediate-days', 90),
      leaf: days('leaf-days', 7),
    };
    const [dnsNames, ipAddresses] = [values.strings('dns'), values.strings('ip')];
    const local = dnsNames.length + ipAddresses.length === 0;
    const certificates = await initAuthority({
      dir: directoryOf(values),
      dnsNames: local ? ['localhost'] : dnsNames,
      ipAddresses: local ? ['127.0.0.1', '::1'] : ipAddresses,
      keyType: keyType === undefined ? undefined : parseKeyType(keyType),
      days: ['root-days', 'intermediate-days', 'leaf-days'].some((name) => values.string(name)) ? lives : undefined,
      crlUrl: values.string('crl-url'),
      passphrase: passphraseFile === undefined ? undefined : readPassphrase(passphraseFile),
    });
    output.result(summaryText(certificates), { certificates });
    if (passphraseFile === undefined) {
      output.warn("The root's key is not encrypted: whoever reads it can sign for any name. See --passphrase-file.");
    }
    if (keyType !== undefined && parseKeyType(keyType) === 'Ed25519') {
      output.warn('Browsers do not accept Ed25519 keys; programs do.');
    }
    return EXIT.done;
  },
};
