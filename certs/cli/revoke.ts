import { existsSync } from 'node:fs';
import { REVOCATION_REASONS } from '../x509/revocation-reasons.ts';
import { command, EXIT } from './command.ts';
import { addCommonOptions, directoryOf, PASSPHRASE_FILE, passphraseIn } from './options.ts';
import { runs } from './output.ts';
import { oneOf } from './values.ts';

const revoke = command('revoke', 'declare a certificate invalid')
  .description('Declares a certificate invalid, on the revocation list of its issuer.')
  .argument('<certificate>', 'its file or its serial number')
  .option('--reason <reason>', REVOCATION_REASONS.join(', '), oneOf(REVOCATION_REASONS), 'unspecified' as const)
  .addOption(PASSPHRASE_FILE)
  .addHelpText(
    'after',
    `
A serial number means a certificate of the intermediate. Clients that ask for revocation lists then
refuse it; browsers and Node.js do not ask for those of a private authority. When a key leaked,
replace it as well: see rotate.`,
  );

export default addCommonOptions(revoke).action(
  runs(async (output, target, options) => {
    const { readSettings } = await import('../directory/settings.ts');
    const { revoke } = await import('../lifecycle/revoke.ts');
    const { readCertificates } = await import('../x509/pem.ts');
    const directory = directoryOf(options);
    const revocation = await revoke({
      dir: directory,
      certificate: existsSync(target) ? readCertificates(target)[0]! : target,
      reason: options.reason,
      passphrase: passphraseIn(options.passphraseFile),
    });
    if (readSettings(directory).crlUrl === undefined)
      output.warn('The certificates of this authority do not say where revocation lists are: see init --crl-url.');
    const { serialNumber, revokedAt } = revocation;
    output.result(`${serialNumber} was revoked at ${revokedAt} (${revocation.issuer}.crl)`, { revocation });
    return EXIT.done;
  }),
);
