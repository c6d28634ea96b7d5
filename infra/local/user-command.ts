import { accessSync, constants, statSync } from 'node:fs';
import { get } from 'node:http';
import { connect } from 'node:net';
import path from 'node:path';
import type { Config } from '../config/config.ts';
import { CHECKOUT } from '../config/config.ts';
import type { Endpoint } from '../config/endpoint.ts';
import { userTraceVariables } from '../config/traces.ts';
import { type CommandLine, parseCommand } from './command-words.ts';
import { PreflightError } from './errors.ts';
import type { StatePaths } from './state-paths.ts';
import type { ProcessSpec } from './supervised-process.ts';

const PROBE_MS = 1000;
/** Variables of npm and of Gridlock: a server gets the environment of its user. */
const NOT_THE_USERS = /^(npm_(lifecycle|package)_.*|npm_command|INIT_CWD|GRIDLOCK_STARTED_IN)$/;

/** One process of the user's server. */
export interface Copy {
  /** ws1, ws2, ... */
  readonly name: string;
  /** 1111, 2222, ... */
  readonly appId: string;
  readonly port: number;
}

/** The directory in which the user ran the command, even if npm and our launcher changed it since. */
export function startedIn(env: NodeJS.ProcessEnv = process.env): string {
  const { GRIDLOCK_STARTED_IN: directory = process.cwd(), INIT_CWD: before } = env;
  // npm runs scripts in the checkout, and passes on the directory in which it was called.
  return path.resolve(directory === CHECKOUT && before !== undefined ? before : directory);
}

function isProgram(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}

/**
 * Decides how the command is run.
 * @throws PreflightError when there is no such program, or a quote is not closed
 */
export function requireCommand(text: string, directory: string, env: NodeJS.ProcessEnv = process.env): CommandLine {
  const command = parseCommand(text);
  if ('script' in command) return command;
  const [program] = command.words;
  const places = program.includes('/') ? [directory] : (env['PATH'] ?? '').split(path.delimiter);
  if (program !== '' && places.some((place) => isProgram(path.resolve(directory, place, program)))) return command;
  const where = program.includes('/') ? `in ${directory}` : 'on the PATH';
  throw new PreflightError(
    `There is no program ${JSON.stringify(program)} ${where} to run with --command: install it, or correct the command.`,
  );
}

/** The environment of a copy: its user's, and our variables. */
export function environmentOf(
  { port, appId }: Copy,
  redisUrl: string | undefined,
  env: NodeJS.ProcessEnv = process.env,
  ours: Readonly<Record<string, string>> = {},
): NodeJS.ProcessEnv {
  const users = Object.entries(env).filter(([name]) => !NOT_THE_USERS.test(name));
  return {
    ...Object.fromEntries(users),
    ...ours,
    PORT: String(port),
    APPID: appId,
    ...(redisUrl === undefined ? {} : { REDIS_URL: redisUrl }),
  };
}

export interface CopyPlan {
  readonly command: CommandLine;
  readonly directory: string;
  readonly redisUrl: string | undefined;
}

/** The process of a copy. */
export function copySpec(
  copy: Copy,
  config: Pick<Config, 'drainSignal' | 'tracesEndpoint' | 'tracesSampleRatio'>,
  { logs }: StatePaths,
  { command, directory, redisUrl }: CopyPlan,
): ProcessSpec {
  const { drainSignal } = config;
  const common = {
    name: copy.name,
    cwd: directory,
    logFile: path.join(logs, `${copy.name}.log`),
    env: environmentOf(copy, redisUrl, process.env, userTraceVariables(config)),
  };
  if ('words' in command) {
    const [program, ...args] = command.words;
    return { ...common, command: program, args };
  }
  // Without the trap the signal would end the shell at once, and the server would be killed without a drain.
  const script = `trap : ${drainSignal.slice('SIG'.length)}\n${command.script}`;
  return { ...common, command: '/bin/sh', args: ['-c', script], signalsGroup: true };
}

function takesConnection({ host, port }: Endpoint): Promise<true | undefined> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: PROBE_MS });
    const end = (result: true | undefined) => {
      socket.destroy();
      resolve(result);
    };
    socket.once('connect', () => end(true));
    socket.once('timeout', () => end(undefined));
    socket.once('error', () => end(undefined));
  });
}

/** Resolves with true when the server would pass the health check of the edge, with undefined otherwise. */
export function answers({ host, port }: Endpoint, healthPath: string): Promise<true | undefined> {
  if (healthPath === '') return takesConnection({ host, port });
  return new Promise((resolve) => {
    // Without the global agent, which may go through a proxy.
    const options = { host, port, path: healthPath, headers: { Host: 'edge' }, timeout: PROBE_MS, agent: false };
    const request = get(options, (response) => {
      response.resume();
      const { statusCode = 0 } = response;
      resolve(statusCode >= 200 && statusCode < 400 ? true : undefined);
    });
    request.on('timeout', () => request.destroy());
    request.on('error', () => resolve(undefined));
  });
}
