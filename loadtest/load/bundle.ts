import path from 'node:path';

const ENTRY = path.resolve(import.meta.dirname, '../k6/main.ts');

/** One file of JavaScript for k6, which resolves no packages. */
export async function bundleForK6(outFile: string): Promise<void> {
  const { build, stop } = await import('esbuild');
  await build({
    entryPoints: [ENTRY],
    outfile: outFile,
    bundle: true,
    format: 'esm',
    target: 'es2022',
    external: ['k6', 'k6/*'],
    // Every virtual user holds its own copy.
    minifySyntax: true,
    minifyWhitespace: true,
    logLevel: 'silent',
  }).finally(() => stop());
}
