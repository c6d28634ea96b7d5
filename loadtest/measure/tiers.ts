import { processTree, processUsage } from './process-usage.ts';

/** Processes by what they are for, e.g. `{ replicas: [12, 13], redis: [14], edge: [15] }`: process ids. */
export type Tiers = Readonly<Record<string, readonly number[]>>;

/** Per tier: CPU in milliseconds since the processes began, and resident bytes now. */
export type TierUsage = Readonly<Record<string, { readonly cpuMs: number; readonly residentBytes: number }>>;

/** Reads what the tiers have used, with all processes that theirs started. One that is gone counts as nothing. */
export function tierUsage(tiers: Tiers): TierUsage {
  return Object.fromEntries(
    Object.entries(tiers).map(([tier, pids]) => {
      const usages = pids.flatMap((pid) => processTree(pid)).flatMap((pid) => processUsage(pid) ?? []);
      return [
        tier,
        {
          cpuMs: sum(usages.map(({ cpuMs }) => cpuMs)),
          residentBytes: sum(usages.map(({ residentBytes }) => residentBytes)),
        },
      ];
    }),
  );
}

/** CPU milliseconds used between two readings, by tier. */
export function cpuBetween(before: TierUsage, after: TierUsage): Record<string, number> {
  return Object.fromEntries(
    Object.entries(after).map(([tier, { cpuMs }]) => [tier, cpuMs - (before[tier]?.cpuMs ?? 0)]),
  );
}

/** Resident bytes gained between two readings, by tier. */
export function residentBetween(before: TierUsage, after: TierUsage): Record<string, number> {
  return Object.fromEntries(
    Object.entries(after).map(([tier, { residentBytes }]) => [
      tier,
      residentBytes - (before[tier]?.residentBytes ?? 0),
    ]),
  );
}

export const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0);
