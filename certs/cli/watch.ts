import { once } from 'node:events';
import { parseEndpoint } from '../edge/tls-endpoint.ts';
import type { Listen } from '../renewal/responder.ts';
import { command, EXIT } from './command.ts';
import { addCommonOptions, directoryOf, PASSPHRASE_FILE, passphraseIn } from './options.ts';
import { runs } from './output.ts';
import { seconds } from './values.ts';

const watch = command('watch', 'renew certificates as they become due')
  .description(
    'Renews certificates and revocation lists as they become due, until you stop it. npm start does the same.',
  )
  .option('--once', 'check once, renew what is due, and exit; exit code 1 if that failed')
  .option('--interval <seconds>', 'time between two checks (default 60)', seconds)
  .option('--listen <place>', 'serve /crl/, /metrics and http-01 answers at host:port or a UNIX socket')
  .addOption(PASSPHRASE_FILE)
  .addHelpText(
    'after',
    `
A leaf is renewed after two thirds of its life, plus a short random delay; an intermediate before
its remaining life is too short for a leaf; revocation lists after half their lifetime. Certificates
from acme are renewed too. The edge gets each one without a restart. A failure is retried at longer
and longer intervals.`,
  );

export default addCommonOptions(watch).action(
  runs(async (output, options) => {
    const { startResponder } = await import('../renewal/responder.ts');
    const { Watcher } = await import('../renewal/watcher.ts');
    const dir = directoryOf(options);
    const lines: string[] = [];
    const watcher = new Watcher({
      dir,
      passphrase: passphraseIn(options.passphraseFile),
      intervalMs: options.interval ?? 60_000,
      report: (line) => {
        lines.push(line);
        output.progress(line);
      },
    });
    if (options.once) {
      const failed = await watcher.look();
      for (const sentence of failed) output.warn(sentence);
      const text = lines.length === 0 && failed.length === 0 ? 'nothing is due' : lines.join('\n');
      output.result(text, { done: lines, failed });
      return failed.length === 0 ? EXIT.done : EXIT.failed;
    }
    const metrics = () => watcher.tell();
    const server =
      options.listen === undefined ? undefined : await startResponder(placeOf(options.listen), { dir, metrics });
    watcher.start();
    await Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')]);
    await watcher.stop();
    server?.close();
    output.result('ended', { ended: true });
    return EXIT.done;
  }),
);

export function placeOf(text: string): Listen {
  if (text.includes('/')) return text;
  const { host, port } = parseEndpoint(text);
  return { host, port };
}
