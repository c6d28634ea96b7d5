import { once } from 'node:events';
import { parseEndpoint } from '../edge/tls-endpoint.ts';
import { type Listen, startResponder } from '../renewal/responder.ts';
import { Watcher } from '../renewal/watcher.ts';
import { readPassphrase } from '../text-file.ts';
import { type Command, directoryOf, EXIT, passphraseFlag, usage } from './command.ts';

export const command: Command = {
  name: 'watch',
  summary: 'Renews whatever becomes due, until it is ended; npm start does this by itself',
  details: `
A leaf is renewed when two thirds of its life are over, and a little later by chance; the intermediate when no leaf
would fit into what is left of it; revocation lists when half their time is over; what acme obtained as well. The
edge gets each without a restart. What fails is tried again at longer and longer intervals.`,
  flags: {
    once: { help: 'look once, renew what is due, and end; exits 1 when that failed' },
    interval: { value: '<seconds>', help: 'time between two looks (default 60)' },
    listen: {
      value: '<place>',
      help: 'serve /crl/, /metrics and http-01 answers at host:port or a UNIX socket',
    },
    ...passphraseFlag,
  },
  async run(values, output) {
    const dir = directoryOf(values);
    const file = values.string('passphrase-file');
    const seconds = Number(values.string('interval') ?? 60);
    if (!(seconds >= 0.1)) throw usage('The interval is a number of seconds of at least 0.1.');
    const lines: string[] = [];
    const watcher = new Watcher({
      dir,
      passphrase: file === undefined ? undefined : readPassphrase(file),
      intervalMs: seconds * 1000,
      report: (line) => {
        lines.push(line);
        output.progress(line);
      },
    });
    if (values.boolean('once')) {
      const failed = await watcher.look();
      for (const sentence of failed) output.warn(sentence);
      const text = lines.length === 0 && failed.length === 0 ? 'nothing is due' : lines.join('\n');
      output.result(text, { done: lines, failed });
      return failed.length === 0 ? EXIT.done : EXIT.failed;
    }
    const place = values.string('listen');
    const server =
      place === undefined
        ? undefined
        : await startResponder(placeOf(place), { dir, metrics: () => watcher.metrics.text() });
    watcher.start();
    await Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')]);
    await watcher.stop();
    server?.close();
    output.result('ended', { ended: true });
    return EXIT.done;
  },
};

export function placeOf(text: string): Listen {
  if (text.includes('/')) return text;
  const { host, port } = parseEndpoint(text);
  return { host, port };
}
