export type Design = 'stateless' | 'stateful';
export const DESIGNS: readonly Design[] = ['stateless', 'stateful'];

/** Gets a line about what goes on. */
export type Report = (line: string) => void;

/** Progress goes where it does not mix with results. */
export const toStandardError: Report = (line) => void process.stderr.write(`${line}\n`);
