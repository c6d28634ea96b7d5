import { Command, CommanderError, type ParseOptions } from '@commander-js/extra-typings';
import acme from './acme.ts';
import audit from './audit.ts';
import { prepare } from './command.ts';
import crl from './crl.ts';
import csr from './csr.ts';
import exportCommand from './export.ts';
import init from './init.ts';
import issue from './issue.ts';
import { report } from './output.ts';
import revoke from './revoke.ts';
import rollover from './rollover.ts';
import rotate from './rotate.ts';
import show from './show.ts';
import sign from './sign.ts';
import trust from './trust.ts';
import untrust from './untrust.ts';
import verify from './verify.ts';
import watch from './watch.ts';

/** Prints usage errors itself, because with --json they are an object too. */
class Certs extends Command {
  override async parseAsync(args: readonly string[] = process.argv.slice(2), options?: ParseOptions): Promise<this> {
    try {
      return await super.parseAsync(args, options);
    } catch (error) {
      const isHelp = error instanceof CommanderError && error.exitCode === 0;
      if (!isHelp) process.exitCode = await report(args.includes('--json'), () => Promise.reject(error));
      return this;
    }
  }
}

const certs: Command = prepare(new Certs('certs'), 'run the certificate authority')
  .description('Runs the certificate authority. Every command has --help.')
  .usage('<command> [options]')
  .helpCommand('help [command]', 'print the help of a command');
for (const each of [init, csr, sign, issue, show, verify, exportCommand, trust, untrust]) certs.addCommand(each);
for (const each of [rotate, rollover, revoke, crl, watch, audit, acme]) certs.addCommand(each);

export default certs;
