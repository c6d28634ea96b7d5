export interface Captured {
  code: number;
  stdout: string;
  stderr: string;
}

/** What a command writes within this process, and the exit code that it sets. */
export async function captured(run: () => Promise<unknown>): Promise<Captured> {
  const written = { stdout: '', stderr: '' };
  const writes = { stdout: process.stdout.write, stderr: process.stderr.write };
  for (const name of ['stdout', 'stderr'] as const) {
    // The test runner reports on the same stream, in bytes.
    process[name].write = (chunk: string | Uint8Array) => {
      if (typeof chunk !== 'string') return writes[name].call(process[name], chunk);
      written[name] += chunk;
      return true;
    };
  }
  try {
    await run();
    return { code: Number(process.exitCode ?? 0), ...written };
  } finally {
    process.exitCode = undefined;
    process.stdout.write = writes.stdout;
    process.stderr.write = writes.stderr;
  }
}
