export type Design = 'stateless' | 'stateful';
export const DESIGNS: readonly Design[] = ['stateless', 'stateful'];

/** Gets progress lines. */
export type Report = (line: string) => void;

/** Progress goes to a stream where it does not mix with results. */
export const toStandardError: Report = (line) => void process.stderr.write(`${line}\n`);
