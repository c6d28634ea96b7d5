import { acceptRoot, issueFromNextRoot, type RolloverStep, retireRoot } from '../lifecycle/rollover.ts';
import { type RolloverStatus, rolloverStatus } from '../lifecycle/rollover-status.ts';
import { printable } from '../printable.ts';
import { readPassphrase } from '../text-file.ts';
import { parseKeyType } from '../x509/keys.ts';
import { type Command, directoryOf, EXIT, type Output, passphraseFlag, usage, type Values } from './command.ts';
import { edgeText } from './text.ts';

export const command: Command = {
  name: 'rollover',
  positionals: 'accept|issue|retire|status',
  summary: 'Replaces the root in three phases, without cutting off a client',
  details: `
accept   makes the next root; roots.pem then holds both, and clients have to get it before the next phase
issue    the next root signs a new intermediate and leaf, which the running edge serves
retire   the previous root is trusted no longer; roots.pem holds the new one only
status   where it stands, and who still needs what

A phase that would cut somebody off is refused. Places that trust or "export --format bundle" wrote to are looked at;
that other clients have roots.pem has to be said with --distributed. With --cross-sign clients that know the previous
root only go on working until it is retired.`,
  flags: {
    'key-type': { value: '<type>', help: 'of the next root (default: as that of the root)' },
    'cross-sign': { help: 'accept: let the root sign the next one as well' },
    distributed: { help: 'issue: clients that nobody recorded have roots.pem with both roots' },
    force: { help: 'retire: cut off whoever still needs the previous root' },
    ...passphraseFlag,
  },
  async run(values, output) {
    const [phase] = values.positionals;
    const dir = directoryOf(values);
    const steps: Record<string, () => Promise<RolloverStep | undefined>> = {
      accept: () => accept(values),
      issue: () => issueFromNextRoot({ ...common(values), distributed: values.boolean('distributed') }),
      retire: () => retireRoot({ ...common(values), force: values.boolean('force') }),
      status: () => Promise.resolve(undefined),
    };
    if (phase === undefined || !Object.hasOwn(steps, phase))
      throw usage('Say which phase: accept, issue, retire or status.');
    const step = await steps[phase]!();
    report(output, await rolloverStatus(dir), step);
    return EXIT.done;
  },
};

const common = (values: Values) => {
  const file = values.string('passphrase-file');
  return { dir: directoryOf(values), passphrase: file === undefined ? undefined : readPassphrase(file) };
};

function accept(values: Values): Promise<RolloverStep> {
  const keyType = values.string('key-type');
  return acceptRoot({
    ...common(values),
    keyType: keyType === undefined ? undefined : parseKeyType(keyType),
    crossSign: values.boolean('cross-sign'),
  });
}

function report(output: Output, status: RolloverStatus, step: RolloverStep | undefined): void {
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
    ...leaves.map(({ place, notAfter }) => `to issue anew  ${place}, valid until ${notAfter.slice(0, 10)}`),
    ...(step === undefined || step.edge === 'none' ? [] : [edgeText(step.edge)]),
  ];
  output.result(lines.map(printable).join('\n'), { ...status, ...(step === undefined ? {} : { edge: step.edge }) });
}
