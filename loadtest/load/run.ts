import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { type Plan, SETTLE_SECONDS } from '../k6/plan.ts';
import { reportPage } from '../report/page.ts';
import { requireAbility } from './abilities.ts';
import { bundleForK6 } from './bundle.ts';
import { Control } from './control.ts';
import { Disturber } from './disturber.ts';
import { requireAdmission } from './edge-limits.ts';
import { findTarget } from './find-target.ts';
import type { Wish } from './flags.ts';
import { Journal } from './journal.ts';
import { findK6 } from './k6-binary.ts';
import { tellOperations } from './ops.ts';
import { LoadProblem } from './problem.ts';
import { Progress } from './progress.ts';
import { countAddresses, readRoom, requireRoom } from './room.ts';
import { startK6, THRESHOLDS_FAILED } from './run-k6.ts';
import { COUNTERS, type Summary, summarise } from './summary.ts';
import type { Target } from './target.ts';
import { UsageSampler } from './usage.ts';
import {
  agreement,
  journalThresholds,
  type K6Summary,
  k6Thresholds,
  sampleThresholds,
  type Threshold,
} from './verdict.ts';

const LOOPBACK = /^(localhost|127\.[\d.]+|\[::1\])$/;
/** Two more for each socket than it needs by itself: requests for sessions, and back-offs that failed. */
const CONNECTIONS_A_SOCKET = 1.5;
/** The verdict on a step waits until the last second of it was told. */
const VERDICT_AFTER_MS = 2500;
const MOST_SAID = 20;
/** Of the run: in which the sockets are opened, unless the scenario says otherwise. */
const RAMP_SHARE = 0.1;
/** Beyond the last second of play, for closing the sockets and k6's own summary. */
const END_SECONDS = 20;
const INTERRUPTED = 'Interrupted before anybody played.';
/** Of k6, without the reason, which the players tell; and of the thresholds, which are listed. */
const SAID_OTHERWISE = /^(Request Failed|thresholds on metrics .* crossed)/;

/** Runs one scenario and writes `summary.json` and `report.html`. @throws LoadProblem when it cannot be run */
export async function runLoad(wish: Wish, report: (line: string) => void, stop: AbortSignal): Promise<Summary> {
  const k6 = findK6();
  const part = wish.scenario.plan(wish);
  const local = wish.target === undefined || ['local', 'compose', 'kind'].includes(wish.target);
  const host = local ? 'localhost' : new URL(wish.target!.replace(/^ws/, 'http')).hostname;
  const localIps =
    wish.localIps ??
    requireRoom(
      {
        sockets: wish.sockets,
        vus: wish.vus,
        connections:
          wish.sockets * (CONNECTIONS_A_SOCKET + (part.cuts ?? []).reduce((sum, { share }) => sum + share, 0)),
        loopback: LOOPBACK.test(host),
        ownEdge: wish.target === undefined || wish.target === 'local',
      },
      readRoom(),
    );
  const out = path.resolve(wish.out);
  mkdirSync(out, { recursive: true });
  const scratch = mkdtempSync(path.join(os.tmpdir(), 'gridlock-load-'));
  if (wish.target === undefined) report(`starting a cluster of ${wish.replicas} replicas`);
  const target = await findTarget(wish);
  try {
    if (stop.aborted) throw new LoadProblem(INTERRUPTED);
    requireAbility(wish.name, wish.scenario, target);
    const timing = { steps: 1, rampSeconds: wish.seconds * RAMP_SHARE, cuts: [], ...part };
    requireAdmission({ sockets: wish.sockets, addresses: countAddresses(localIps), plan: timing }, target.limits);
    return await play({
      wish,
      part,
      k6,
      target,
      localIps,
      out,
      scratch,
      report,
      stop,
      sharedClock: LOOPBACK.test(host),
    });
  } finally {
    await target.stop();
    rmSync(scratch, { recursive: true, force: true });
  }
}

interface Play {
  readonly wish: Wish;
  readonly part: ReturnType<Wish['scenario']['plan']>;
  readonly k6: { readonly path: string; readonly version: string };
  readonly target: Target;
  readonly localIps: string | undefined;
  readonly out: string;
  readonly scratch: string;
  readonly sharedClock: boolean;
  readonly report: (line: string) => void;
  readonly stop: AbortSignal;
}

async function play({
  wish,
  part,
  k6,
  target,
  localIps,
  out,
  scratch,
  sharedClock,
  report,
  stop,
}: Play): Promise<Summary> {
  const { scenario } = wish;
  const over = new AbortController();
  const journal = new Journal();
  const disturber = new Disturber(target, report, over.signal);
  let k6Pid = 0;
  const usage = new UsageSampler(async () => ({
    ...(await target.processes()),
    ...(k6Pid > 0 ? { k6: [k6Pid] } : {}),
  }));
  const data = () => ({ size: wish, journal, usage, marks: disturber.marks });
  const control =
    scenario.step &&
    new Control(async (step) => {
      await new Promise((resolve) => setTimeout(resolve, VERDICT_AFTER_MS));
      const { held, text } = scenario.step!(data(), step - 1);
      report(`${held ? 'held' : 'broken'}: ${text}`);
      return held;
    });
  try {
    const script = path.join(scratch, 'players.js');
    await bundleForK6(script);
    await scenario.prepare?.(disturber);
    const trustFile = target.trustFile();
    const trusted = trustFile === undefined ? undefined : path.join(scratch, 'roots.pem');
    if (trustFile !== undefined) copyFileSync(trustFile, trusted!);
    const plan: Plan = {
      scenario: wish.name,
      url: target.url,
      sockets: wish.sockets,
      vus: wish.vus,
      seconds: wish.seconds,
      pace: wish.pace,
      steps: 1,
      rampSeconds: wish.seconds * RAMP_SHARE,
      game: { players: 4, size: 16, seconds: 60 },
      chatLines: 0,
      cuts: [],
      abuse: [],
      lateMs: 5000,
      sharedClock,
      summaryFile: path.join(scratch, 'k6.json'),
      ...part,
      ...(control ? { control: await control.listen() } : {}),
    };
    const startedAt = new Date();
    report(
      `${wish.name} on ${target.url} (${target.name}): ${wish.sockets} sockets, ${wish.vus} virtual users, ` +
        `${wish.seconds} s, k6 ${k6.version}${localIps === undefined ? '' : `, from ${localIps}`}`,
    );
    const said: string[] = [];
    const dashboardFile = path.join(scratch, 'dashboard.html');
    const running = startK6({
      k6: k6.path,
      script,
      plan,
      trustFile: trusted,
      dashboardFile,
      localIps,
      journal,
      said: (line) => {
        if (said.length >= MOST_SAID || said.includes(line) || SAID_OTHERWISE.test(line)) return;
        said.push(line);
        report(`k6: ${line}`);
      },
    });
    k6Pid = running.pid;
    usage.start();
    const progress = new Progress(journal, wish.seconds, report);
    const interrupted = () => running.kill();
    stop.addEventListener('abort', interrupted, { once: true });
    // While the script was bundled: that is told to nobody any more.
    if (stop.aborted) interrupted();
    const began = progress.began.then(() => disturber.begin(journal.beganAt ?? Date.now()));
    const disturbed = began
      .then(() => scenario.disturb?.(disturber, wish))
      .then(
        () => undefined,
        (error: Error) => error.message,
      );
    let stuck: NodeJS.Timeout | undefined;
    void progress.began.then(() => {
      stuck = setTimeout(
        () => {
          report('k6 does not come to its end, and is ended');
          running.kill();
        },
        (wish.seconds + SETTLE_SECONDS + END_SECONDS) * 1000,
      );
    });
    const code = await running.ended;
    clearTimeout(stuck);
    stop.removeEventListener('abort', interrupted);
    progress.stop();
    over.abort();
    usage.stop();
    const problem = await disturbed;
    if (journal.length === 0) {
      if (stop.aborted) throw new LoadProblem(INTERRUPTED);
      throw new LoadProblem(
        `k6 ended with ${code} before anybody played: ${said.slice(-3).join(' ') || 'it said nothing'}`,
      );
    }
    const own = existsSync(plan.summaryFile)
      ? (JSON.parse(readFileSync(plan.summaryFile, 'utf8')) as K6Summary)
      : undefined;
    const thresholds: Threshold[] = [
      ...(own ? k6Thresholds(own, plan.thresholds) : journalThresholds(journal, plan.thresholds)),
      ...(own ? [agreement(own, journal, COUNTERS)] : []),
      ...sampleThresholds(journal),
      ...(scenario.judge?.(data()) ?? []),
      ...(problem === undefined
        ? []
        : [{ name: 'what was to be done to the cluster was done', passed: false, value: problem }]),
      ...(code === 0 || code === THRESHOLDS_FAILED
        ? []
        : [
            {
              name: 'k6 ran to the end',
              passed: false,
              value: `it ended with ${code}${said.length === 0 ? '' : `: ${said.at(-1)}`}`,
            },
          ]),
    ];
    const summary = summarise({
      scenario: wish.name,
      target: target.name,
      startedAt: startedAt.toISOString(),
      seconds: wish.seconds,
      sockets: wish.sockets,
      vus: wish.vus,
      k6: k6.version,
      journal,
      usage,
      marks: disturber.marks,
      thresholds,
      said: [...said, ...(target.endings?.() ?? [])],
    });
    writeFileSync(path.join(out, 'summary.json'), `${JSON.stringify(summary, null, 1)}\n`);
    const dashboard = existsSync(dashboardFile) ? readFileSync(dashboardFile, 'utf8') : undefined;
    writeFileSync(path.join(out, 'report.html'), reportPage(summary, dashboard));
    await tellOperations(target, summary, report);
    return summary;
  } finally {
    over.abort();
    usage.stop();
    control?.close();
  }
}
