// The entry point for Pulumi. Plain JavaScript, so that an older Node can still print the sentence below.
import { RunError } from '@pulumi/pulumi';

const OLDEST_NODE = 24;

export default async function main() {
  if (Number(process.versions.node.split('.')[0]) < OLDEST_NODE) {
    throw new RunError(
      `Gridlock's program needs Node ${OLDEST_NODE} or newer on PATH, because it runs TypeScript directly; Pulumi ` +
        `found ${process.version} (${process.execPath}). \`npm run up\` brings its own.`,
    );
  }
  const { run } = await import('./gridlock.ts');
  return run();
}
