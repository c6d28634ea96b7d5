import { readFileSync } from 'node:fs';
import { UsageError } from '../../infra/usage-error.ts';

/** The placeholder for the number of a socket in a target, a header or a text. */
const NUMBER = '{n}';

export interface ConnectOptions {
  readonly target?: string | undefined;
  readonly ca?: string | undefined;
  readonly sockets: number;
  readonly seconds: number;
  /** Seconds over which the sockets are opened; default: a tenth of the run. */
  readonly ramp?: number | undefined;
  readonly ping?: string | undefined;
  readonly expect?: string | undefined;
  readonly pace?: number | undefined;
  readonly header?: readonly string[] | undefined;
  readonly out?: string | undefined;
}

/** The plan of a run, from the options. Times are seconds. */
export interface ConnectPlan {
  readonly target: string;
  /** The trusted root in PEM; undefined for the system's own authorities. */
  readonly ca: Buffer | undefined;
  /** A port of this machine that leads to the target; TLS is with the target all the same. */
  readonly through?: number;
  readonly sockets: number;
  readonly seconds: number;
  readonly rampSeconds: number;
  /** The text each socket sends, how often a second, and the text its answer contains; undefined to send nothing. */
  readonly ping: { readonly text: string; readonly expect: string; readonly pace: number } | undefined;
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** Where summary.json goes. */
  readonly out: string;
}

/** A text for one socket: `{n}` is its number, from 1. */
export const forSocket = (text: string, number: number): string => text.replaceAll(NUMBER, String(number));

function targetOf(text: string | undefined): string {
  const url = text === undefined ? null : URL.parse(text);
  if (url !== null && ['ws:', 'wss:'].includes(url.protocol) && url.hash === '') return text!;
  throw new UsageError(
    `--target is ${text === undefined ? 'missing' : JSON.stringify(text)}: ` +
      'an address such as wss://localhost:8443/ws is needed, without a fragment.',
  );
}

function headerOf(text: string): readonly [string, string] {
  const [, name, value] = /^([!#$%&'*+.^_`|~\w-]+):\s*([\t\x20-\x7e]*)$/.exec(text) ?? [];
  if (name !== undefined && value !== undefined) return [name, value];
  throw new UsageError(
    `--header is ${JSON.stringify(text)}: a name and a value such as "X-User: user-{n}" are needed.`,
  );
}

function trustOf(file: string | undefined, target: string): Buffer | undefined {
  if (file === undefined) return undefined;
  if (target.startsWith('ws:')) throw new UsageError('--ca is for a wss:// target: leave it out.');
  try {
    return readFileSync(file);
  } catch (error) {
    throw new UsageError(`The root certificate ${file} of --ca cannot be read: ${(error as Error).message}.`);
  }
}

/** @throws UsageError for options that are wrong or contradict each other */
export function planConnect(options: ConnectOptions): ConnectPlan {
  const target = targetOf(options.target);
  const { ping, seconds } = options;
  const stray = (['expect', 'pace'] as const).find((flag) => ping === undefined && options[flag] !== undefined);
  if (stray) throw new UsageError(`--${stray} is for --ping: say what each socket sends, or leave it out.`);
  const rampSeconds = options.ramp ?? seconds * 0.1;
  if (rampSeconds > seconds) {
    throw new UsageError(`--ramp is ${rampSeconds} s and --seconds ${seconds}: the ramp is a part of the run.`);
  }
  return {
    target,
    ca: trustOf(options.ca, target),
    sockets: options.sockets,
    seconds,
    rampSeconds,
    ping: ping === undefined ? undefined : { text: ping, expect: options.expect ?? ping, pace: options.pace ?? 1 },
    headers: (options.header ?? []).map(headerOf),
    out: options.out ?? 'load-results/connect',
  };
}
