import { command, EXIT } from './command.ts';
import { addCommonOptions, DNS, directoryOf, IP, KEY_TYPE, PASSPHRASE_FILE, passphraseIn } from './options.ts';
import { runs } from './output.ts';
import { summaryText } from './text.ts';
import { days, wholeDays } from './values.ts';

const init = command('init', 'make a root and an intermediate')
  .description('Makes a root and an intermediate, and nothing else.')
  .addOption(DNS)
  .addOption(IP)
  .addOption(KEY_TYPE)
  .option('--root-days <days>', 'how long the root is valid (default 3650)', days)
  .option('--intermediate-days <days>', 'how long the intermediate is valid (default 90)', days)
  .option('--leaf-days <days>', 'how long the leaves that it signs are valid (default 7)', days)
  .option('--crl-url <http-url>', 'where revocation lists will be served, such as http://game.example/crl')
  .addOption(PASSPHRASE_FILE)
  .addHelpText(
    'after',
    `
Without --dns and --ip the intermediate may sign for localhost, 127.0.0.1 and ::1. With them, only
for those and for names below the DNS names. An existing authority is never overwritten.`,
  );

export default addCommonOptions(init).action(
  runs(async (output, options) => {
    const { initAuthority } = await import('../lifecycle/init.ts');
    const { dns = [], ip = [], rootDays, intermediateDays, leafDays, keyType } = options;
    const isLocal = dns.length + ip.length === 0;
    const isTimed = [rootDays, intermediateDays, leafDays].some((each) => each !== undefined);
    const lives = {
      root: wholeDays(rootDays, 3650),
      intermediate: wholeDays(intermediateDays, 90),
      leaf: wholeDays(leafDays, 7),
    };
    const certificates = await initAuthority({
      dir: directoryOf(options),
      dnsNames: isLocal ? ['localhost'] : dns,
      ipAddresses: isLocal ? ['127.0.0.1', '::1'] : ip,
      keyType,
      days: isTimed ? lives : undefined,
      crlUrl: options.crlUrl,
      passphrase: passphraseIn(options.passphraseFile),
    });
    output.result(summaryText(certificates), { certificates });
    if (options.passphraseFile === undefined)
      output.warn("The root's key is not encrypted: anyone who reads it can sign for any name. See --passphrase-file.");
    if (keyType === 'Ed25519') output.warn('Browsers do not accept Ed25519 keys; programs do.');
    return EXIT.done;
  }),
);
