import { writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { DESIGNS, type Design, toStandardError } from '../kit/options.ts';
import { type Measured, measure, table } from './measure.ts';

export interface DesignsOptions {
  readonly games: number;
  readonly players: number;
  /** Milliseconds between two moves of a player. */
  readonly move: number;
  readonly seconds: number;
  readonly idle: number;
  readonly replicas: number;
  /** Only this one. */
  readonly design?: Design | undefined;
  readonly json?: string | undefined;
}

/** Measures one design after the other and prints a table. Resolves with the exit code. */
export async function runDesigns(options: DesignsOptions, report = toStandardError): Promise<number> {
  const { design, json, move: moveMs, ...rest } = options;
  const size = { ...rest, moveMs };
  const measured: Measured[] = [];
  for (const one of design === undefined ? DESIGNS : [design]) measured.push(await measure(one, size, report));
  process.stdout.write(
    `${cpus().length} cores, ${size.replicas} replicas, ${size.games} games of ${size.players}, ` +
      `a move of each player about every ${moveMs} ms\n\n${table(measured)}\n`,
  );
  if (json !== undefined) writeFileSync(json, `${JSON.stringify({ size, measured }, undefined, 2)}\n`);
  return measured.some(({ violations }) => violations > 0) ? 1 : 0;
}
