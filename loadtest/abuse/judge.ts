import { LIMITS } from '../../services/protocol/index.ts';
import { DEFAULT_LIMITS } from '../../services/server/limits.ts';
import { median, sum } from '../kit/statistics.ts';
import type { Threshold } from '../load/verdict.ts';
import { type AttackStep, type AttackWindow, RELEASE_MS } from './attack-run.ts';
import type { AttackName } from './attacks.ts';

const MIB = 2 ** 20;
/** The smallest store that is deployed: the chart's. */
const STORE_BYTES = 384 * MIB;
/** A game that all players left before it began is kept for a minute; a game with players counts for its address. */
const KEPT_S = 60;
/**
 * The memory of the store that one address may fill, by its rate within that time and by the games that it may have at
 * once.
 */
const STORE_SHARE = 0.1;
/** For any number of refused requests. */
const LOG_BYTES = 2 * MIB;
/**
 * Limits of a player are enforced without a round trip on the path of a message, so they may be exceeded by this much.
 */
const SLACK = 1.5;
/** The burst that a player may send, and the rate per second after it; see `LIMIT_VARIABLES` of the server. */
const OF_A_PLAYER = {
  lines: { burst: LIMITS.publishPerTenSeconds, perSecond: LIMITS.publishPerTenSeconds / 10 },
  created: { burst: 30, perSecond: 30 / 60 },
  sockets: { burst: 60, perSecond: 60 / 60 },
};
/** Of one address: a search through all six-letter codes then takes a year. */
const GUESSES_PER_SECOND = 35;
/**
 * And at once: the misses allowed in a minute, plus half of that on each of four replicas until they hear from each
 * other.
 */
const GUESSES_AT_ONCE = 3 * DEFAULT_LIMITS.perAddress.missesPerMinute;
/** The plain port stays available when it answers a stranger within this many times its quiet time, plus this. */
const PROBE_TIMES = 3;
const PROBE_SPARE_MS = 250;

const countOf = ({ windows }: AttackStep, name: string): number =>
  sum(windows.map(({ report }) => report.counts[name] ?? 0));
const seconds = (from: { at: number }, to: { at: number }) => (to.at - from.at) / 1000;
const mib = (bytes: number) => `${(bytes / MIB).toFixed(1)} MiB`;

const happened = (step: AttackStep, least: number, ...names: string[]): Threshold => {
  const count = sum(names.map((name) => countOf(step, name)));
  return {
    name: `${step.name}: the attack was mounted`,
    passed: count >= least,
    value: `${count} ${names.join(' or ')}, at least ${least} wanted`,
  };
};

/** The growth of the store each second, less its growth in the calm window before. */
function storeGain({ before, quietEnd, between, after }: AttackWindow): number {
  const gain = (from: typeof before, to: typeof before) => (to.storeBytes - from.storeBytes) / seconds(from, to);
  return Math.max(0, gain(between, after) - gain(before, quietEnd));
}

function judgeRoaming(step: AttackStep): Threshold[] {
  return Object.entries(OF_A_PLAYER).map(([what, { burst, perSecond }]) => {
    const shown = step.windows.map(({ report: { counts } }) => {
      const allowed = burst + (perSecond * (counts['milliseconds'] ?? 0)) / 1000;
      return { count: counts[what] ?? 0, allowed: Math.floor(allowed * SLACK) };
    });
    return {
      name: `${step.name}: one player's ${what} stay within the limit on all replicas together`,
      passed: shown.every(({ count, allowed }) => count <= allowed),
      value: shown.map(({ count, allowed }) => `${count} of ${allowed}`).join(', '),
    };
  });
}

function judgeProbes(step: AttackStep): Threshold {
  const [quiet, attacked] = [
    step.windows.flatMap(({ probes }) => probes.quiet),
    step.windows.flatMap(({ probes }) => probes.attacked),
  ];
  const unanswered = attacked.filter(Number.isNaN).length;
  const [calm, busy] = [quiet, attacked].map((times) => median(times.filter((ms) => !Number.isNaN(ms)))) as [
    number,
    number,
  ];
  return {
    name: `${step.name}: the plain port answers other clients at once`,
    passed: unanswered === 0 && busy <= calm * PROBE_TIMES + PROBE_SPARE_MS,
    value: `${unanswered} of ${attacked.length} unanswered, median ${Math.round(busy)} ms against ${Math.round(calm)} ms`,
  };
}

const JUDGES: Readonly<Record<AttackName, (step: AttackStep) => Threshold[]>> = {
  createAndLeave: (step) => {
    // The first window uses up the burst.
    const last = step.windows.at(-1)!;
    const gain = storeGain(last);
    const created = (last.report.counts['created'] ?? 0) / seconds(last.between, last.after);
    const perGame = created === 0 ? 0 : gain / created;
    const held = gain * KEPT_S + perGame * DEFAULT_LIMITS.perAddress.games;
    return [
      happened(step, 50, 'created', 'rate_limited', 'unavailable', 'guests refused'),
      {
        name: `${step.name}: one address cannot fill the store`,
        passed: held <= STORE_BYTES * STORE_SHARE,
        value: `at most ${mib(held)}: ${Math.round(gain / 1024)} KiB a second, ${(perGame / 1024).toFixed(1)} KiB a game; ${countOf(step, 'created')} created`,
      },
    ];
  },
  refusedRequests: (step) => {
    const grown = sum(step.windows.map(({ between, after }) => after.logBytes - between.logBytes));
    const counted = sum(step.windows.map(({ between, after }) => after.refusals - between.refusals));
    const [answered, unanswered] = [countOf(step, 'answered'), countOf(step, 'unanswered')];
    return [
      happened(step, 3000, 'answered'),
      {
        name: `${step.name}: all logs together stay small`,
        passed: grown <= LOG_BYTES,
        value: `${mib(grown)} for ${answered} refused requests, at most ${mib(LOG_BYTES)}`,
      },
      {
        name: `${step.name}: every refusal is counted`,
        passed: counted >= answered && counted <= answered + unanswered,
        value: `${counted} counted, ${answered} answered${unanswered === 0 ? '' : ` and ${unanswered} under way`}`,
      },
    ];
  },
  deafPeers: (step) => {
    const { sessions = 0, queued = 0, left } = step.aftermath ?? {};
    return [
      happened(step, 400, 'histories asked for'),
      {
        name: `${step.name}: the edge lets go of peers that do not read within ${RELEASE_MS / 1000} s`,
        passed: left !== undefined && left.sessions === 0 && left.queued === 0,
        value:
          left === undefined
            ? 'not observed'
            : `${sessions} sessions and ${mib(queued)}; after ${(left.afterMs / 1000).toFixed(1)} s ${left.sessions} and ${mib(left.queued)}`,
      },
    ];
  },
  roamingPlayer: (step) => [happened(step, 2, 'replicas'), ...judgeRoaming(step)],
  codeGuessing: (step) => {
    const [guesses, took] = [countOf(step, 'guesses'), countOf(step, 'milliseconds') / 1000];
    const most = Math.floor(GUESSES_AT_ONCE + GUESSES_PER_SECOND * took);
    const differ = step.windows.flatMap(({ report: { texts } }) => Object.entries(texts));
    const compared = countOf(step, 'answers compared');
    return [
      happened(step, 20, 'guesses', 'rate_limited', 'guests refused'),
      {
        name: `${step.name}: one address has few guesses`,
        passed: guesses <= most,
        value: `${guesses} in ${took.toFixed(1)} s, at most ${most}`,
      },
      {
        name: `${step.name}: the room of another player gets the same answer as a missing one`,
        passed: compared >= 4 && differ.length === 0,
        value: differ.map(([type, text]) => `${type}: ${text}`).join('; ') || `${compared} answers compared`,
      },
    ];
  },
  halfOpenRequests: (step) => [happened(step, 400, 'opened', 'cut off'), judgeProbes(step)],
};

/** The effect of the attack on the cluster itself. Its effect on other players is measured elsewhere. */
export const judgeStep = (step: AttackStep): Threshold[] => JUDGES[step.name](step);
