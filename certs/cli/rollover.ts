import type { RolloverStep } from '../lifecycle/rollover.ts';
import type { RolloverStatus } from '../lifecycle/rollover-status.ts';
import { printable } from '../printable.ts';
import { parseKeyType } from '../x509/keys.ts';
import { command, EXIT } from './command.ts';
import { addCommonOptions, directoryOf, PASSPHRASE_FILE, passphraseIn } from './options.ts';
import { type Output, runs } from './output.ts';
import { edgeText } from './text.ts';
import { oneOf } from './values.ts';

const rollover = command('rollover', 'replace the root in three phases')
  .description('Replaces the root in three phases, without cutting off a client.')
  .argument('<phase>', 'accept, issue, retire or status, see below', oneOf(['accept', 'issue', 'retire', 'status']))
  .option('--key-type <type>', "type of the next root's key (default: that of the root)", parseKeyType)
  .option('--cross-sign', 'accept: let the root sign the next one as well')
  .option('--distributed', 'issue: confirm that clients without a record have roots.pem with both roots')
  .option('--force', 'retire: cut off clients that still need the previous root')
  .addOption(PASSPHRASE_FILE)
  .addHelpText(
    'after',
    `
Phases:
  accept  makes the next root. roots.pem then holds both, and clients have to get it before the
          next phase
  issue   the next root signs a new intermediate and leaf, which the running edge serves
  retire  the previous root is no longer trusted. roots.pem holds only the new one
  status  the phase of the rollover, and the places and leaves that are not ready for the next

A phase that would cut off a client is refused. rollover checks the places that trust or "export
--format bundle" wrote to. Confirm with --distributed that other clients have roots.pem. With
--cross-sign, clients that know only the previous root keep working until it is retired.`,
  );

export default addCommonOptions(rollover).action(
  runs(async (output, phase, options) => {
    const { acceptRoot, issueFromNextRoot, retireRoot } = await import('../lifecycle/rollover.ts');
    const { rolloverStatus } = await import('../lifecycle/rollover-status.ts');
    const common = { dir: directoryOf(options), passphrase: passphraseIn(options.passphraseFile) };
    const { keyType, crossSign = false, distributed = false, force = false } = options;
    const steps = {
      accept: () => acceptRoot({ ...common, keyType, crossSign }),
      issue: () => issueFromNextRoot({ ...common, distributed }),
      retire: () => retireRoot({ ...common, force }),
      status: () => Promise.resolve(undefined),
    };
    const step = await steps[phase]();
    print(output, await rolloverStatus(common.dir), step);
    return EXIT.done;
  }),
);

function print(output: Output, status: RolloverStatus, step: RolloverStep | undefined): void {
  const { roots, consumers, leaves } = status;
  const lines = [
    `phase    ${status.phase}${status.crossSigned ? ', cross-signed' : ''}`,
    `issuing  ${roots.issuing}`,
    ...(roots.next === undefined ? [] : [`next     ${roots.next}`]),
    ...(roots.previous === undefined ? [] : [`before   ${roots.previous}`]),
    `trusted  ${status.trusted.join('; ')}`,
    ...consumers.map(({ kind, place, needs }) =>
      needs.length === 0 ? `has all  ${place} (${kind})` : `needs    ${place} (${kind}): ${needs.join('; ')}`,
    ),
    ...leaves.map(({ place, notAfter }) => `issue again ${place}, valid until ${notAfter.slice(0, 10)}`),
    ...(step === undefined || step.edge === 'none' ? [] : [edgeText(step.edge)]),
  ];
  output.result(lines.map(printable).join('\n'), { ...status, ...(step === undefined ? {} : { edge: step.edge }) });
}
