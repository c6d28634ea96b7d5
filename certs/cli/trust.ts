import type { X509Certificate } from 'node:crypto';
import { reasonOf } from '../errors.ts';
import { printableLines } from '../printable.ts';
import type { TrustStore } from '../trust/store.ts';
import { command, EXIT } from './command.ts';
import { confirm } from './confirm.ts';
import { addCommonOptions, directoryOf } from './options.ts';
import { type Output, runs, usage } from './output.ts';
import { DEBIAN_DIRECTORY, DEBIAN_ETC, NSS_DATABASE, STORE, storesOf } from './store-options.ts';

const trust = command('trust', 'let this machine and its browsers trust the root')
  .description('Lets this machine, and its browsers, trust the roots of the directory.')
  .addOption(STORE)
  .addOption(NSS_DATABASE)
  .addOption(DEBIAN_DIRECTORY)
  .addOption(DEBIAN_ETC)
  .option('--yes', 'do not ask first')
  .addHelpText(
    'after',
    `
The command shows what it will change, and asks first. During a rollover there are two roots: run it
again after "rollover accept", and after "rollover retire" to remove the retired root as well. The
places are recorded, so that rollover can say which roots they lack.`,
  );

/** A change to make in a store. */
interface Step {
  readonly store: TrustStore;
  readonly add: readonly X509Certificate[];
  readonly remove: readonly X509Certificate[];
}

const isDone = ({ add, remove }: Step): boolean => add.length + remove.length === 0;

async function stepFor(
  store: TrustStore,
  roots: readonly X509Certificate[],
  retired: readonly X509Certificate[],
): Promise<Step> {
  const [add, remove]: X509Certificate[][] = [[], []];
  // A store that cannot be read because a program is missing is reported first.
  for (const root of roots) if (!(await store.holds(root))) add!.push(root);
  for (const root of retired) if (await store.holds(root)) remove!.push(root);
  return { store, add: add!, remove: remove! };
}

/** The plan, line by line. */
function planLines(steps: readonly Step[], roots: readonly X509Certificate[], subjects: readonly string[]): string[] {
  const whose = roots.map(({ fingerprint256, validTo }, index) => [
    `The root is ${subjects[index]}, valid until ${validTo}, SHA-256`,
    `  ${fingerprint256}`,
  ]);
  const work = steps.flatMap(({ store, add, remove }) => [
    `${store.readers} look in ${store.consumer.place}:`,
    ...add.map((root) => `  ${store.adds(root)}`),
    ...remove.map(() => '  remove the retired root'),
  ]);
  return [...whose.flat(), ...work];
}

/** Takes all steps, even when one fails. Resolves with the failures. */
async function carryOut(steps: readonly Step[], output: Output): Promise<Error[]> {
  const problems: Error[] = [];
  for (const { store, add, remove } of steps) {
    try {
      for (const root of add) await store.add(root);
      for (const root of remove) await store.remove(root);
    } catch (error) {
      problems.push(error as Error);
      if (steps.length > 1) output.warn(reasonOf(error));
    }
  }
  return problems;
}

export default addCommonOptions(trust).action(
  runs(async (output, options) => {
    const { loadRetired, loadRoot, loadTrust, pathsOf } = await import('../directory/authority-files.ts');
    const { recordConsumer } = await import('../directory/consumers.ts');
    const { subjectText } = await import('../x509/summary.ts');
    const directory = directoryOf(options);
    const roots = loadTrust(directory);
    if (roots.length === 0) throw usage(`${pathsOf(directory).root} is missing: name the --dir of an authority.`);
    const { stores, isNamed } = await storesOf(options);
    const steps: Step[] = [];
    for (const store of stores) {
      const obstacle = isNamed ? undefined : store.obstacle();
      if (obstacle !== undefined) output.warn(`${store.readers} are skipped: ${obstacle}`);
      else steps.push(await stepFor(store, roots, loadRetired(directory)));
    }
    const due = steps.filter((step) => !isDone(step));
    const plan = due.length === 0 ? [] : planLines(due, roots, roots.map(subjectText));
    if (due.length > 0 && !options.yes) {
      process.stderr.write(`${printableLines(plan.join('\n'))}\n`);
      if (!(await confirm('Go on?'))) throw usage('Nothing was changed.');
    } else for (const line of plan) output.progress(line);
    const [problem] = await carryOut(due, output);
    if (problem !== undefined && due.length === 1) throw problem;
    const trusting = [];
    for (const { store } of steps) {
      if ((await stepFor(store, roots, [])).add.length > 0) continue;
      await recordConsumer(directory, store.consumer);
      trusting.push(store);
    }
    const subjects = roots.map(subjectText).join(' and ');
    const lines = trusting.map(({ consumer }) => `${consumer.place} trusts ${subjects}; untrust undoes this`);
    output.result(lines.join('\n') || 'No store of this machine could be changed.', {
      store: trusting[0]?.consumer,
      stores: trusting.map(({ consumer }) => consumer),
      roots: roots.map(({ fingerprint256 }) => fingerprint256),
      issuing: loadRoot(directory)?.fingerprint256,
    });
    return problem === undefined && trusting.length > 0 ? EXIT.done : EXIT.failed;
  }),
);
