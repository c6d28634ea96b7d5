import { existsSync } from 'node:fs';
import { readSettings } from '../directory/settings.ts';
import { revoke } from '../lifecycle/revoke.ts';
import { readPassphrase } from '../text-file.ts';
import { readCertificates } from '../x509/pem.ts';
import { type RevocationReason, revocationReasons } from '../x509/revocation-list.ts';
import { type Command, directoryOf, EXIT, missing, passphraseFlag, usage } from './command.ts';

export const command: Command = {
  name: 'revoke',
  positionals: '<file or serial number>',
  summary: 'Declares a certificate invalid, on the revocation list of its issuer',
  details: `
A serial number means a certificate of the intermediate. Clients that ask for revocation lists refuse it then;
browsers and Node.js do not ask for those of a private authority. When a key leaked, replace it as well: see rotate.`,
  flags: {
    reason: { value: '<reason>', help: Object.keys(revocationReasons).join(', ') },
    ...passphraseFlag,
  },
  async run(values, output) {
    const [target] = values.positionals;
    if (target === undefined) missing(command, 'a file or a serial number');
    const reason = values.string('reason') ?? 'unspecified';
    if (!Object.hasOwn(revocationReasons, reason)) {
      throw usage(`"${reason}" is no reason: use one of ${Object.keys(revocationReasons).join(', ')}.`);
    }
    const file = values.string('passphrase-file');
    const directory = directoryOf(values);
    const revocation = await revoke({
      dir: directory,
      certificate: existsSync(target) ? readCertificates(target)[0]! : target,
      reason: reason as RevocationReason,
      passphrase: file === undefined ? undefined : readPassphrase(file),
    });
    if (readSettings(directory).crlUrl === undefined) {
      output.warn('Certificates of this authority name no place for revocation lists: see init --crl-url.');
    }
    const { serialNumber, revokedAt } = revocation;
    output.result(`${serialNumber} is revoked since ${revokedAt} (${revocation.issuer}.crl)`, { revocation });
    return EXIT.done;
  },
};
