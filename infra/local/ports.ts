import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import os from 'node:os';
import { bindAddresses, isLoopback } from '../edge/options.ts';
import { PreflightError } from './errors.ts';

const RANGE = { from: 20_000, to: 32_000 };
const LOWEST = 2000;

/** Undefined when the port can be listened on, else the error's code (EADDRINUSE, EACCES, ...). */
export function portProblem(port: number, host: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    server.listen({ port, host, exclusive: true, ipv6Only: host.includes(':') }, () => {
      server.close(() => resolve(undefined));
    });
  });
}

export const hasIpv6 = (): boolean =>
  Object.values(os.networkInterfaces()).some((list) => list?.some(({ family }) => family === 'IPv6'));

/**
 * Outgoing connections get their port from here up. If one of our ports were in that range, a connection could take it
 * while the process that listens on it restarts.
 */
function firstEphemeralPort(): number {
  try {
    return Number(readFileSync('/proc/sys/net/ipv4/ip_local_port_range', 'utf8').trim().split(/\s+/)[0]);
  } catch {
    return 49_152;
  }
}

/** The range to search for free ports: below the ephemeral range, unless that begins too low to leave room. */
export function portRange(firstEphemeral: number): { from: number; to: number } {
  const to = Math.min(RANGE.to, firstEphemeral);
  if (to > RANGE.from + 1000) return { from: RANGE.from, to };
  return to > LOWEST + 1000 ? { from: LOWEST, to } : RANGE;
}

/**
 * The position of the search. It begins at random, which keeps processes apart that start at the same moment. It only
 * moves forward, so that no two callers in this process get the same port before either listens.
 */
let searched = Math.floor(Math.random() * RANGE.to);

/** Finds `count` free TCP ports of the loopback address, below the kernel's ephemeral range and none of `except`. */
export async function freePorts(count: number, except: readonly number[] = []): Promise<number[]> {
  const { from, to } = portRange(firstEphemeralPort());
  const ports: number[] = [];
  for (let tried = 0; ports.length < count && tried < to - from; tried++) {
    searched += 1;
    const port = from + (searched % (to - from));
    if (!except.includes(port) && (await portProblem(port, '127.0.0.1')) === undefined) ports.push(port);
  }
  if (ports.length < count)
    throw new PreflightError(`Only ${ports.length} of ${count} ports are free from ${from} to ${to}.`);
  return ports;
}

/** @throws PreflightError when the port cannot be listened on for this host */
export async function requirePort(port: number, flag: string, host: string): Promise<void> {
  const ipv6 = hasIpv6();
  const every = ipv6 ? ['0.0.0.0', '::'] : ['0.0.0.0'];
  const loopback = () => bindAddresses(host, ipv6).map((address) => address.replace(/[[\]]/g, ''));
  for (const address of isLoopback(host) ? loopback() : every) {
    const problem = await portProblem(port, address);
    if (problem === undefined) continue;
    const what =
      problem === 'EADDRINUSE'
        ? `Port ${port} is in use on ${address}: end what listens there`
        : `Port ${port} cannot be listened on at ${address} (${problem}): get the right to it`;
    throw new PreflightError(`${what}, or choose another port with ${flag}.`);
  }
}
