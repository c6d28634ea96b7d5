import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { UsageError } from '../../infra/usage-error.ts';
import { type Plan, SETTLE_SECONDS } from '../k6/plan.ts';
import { toStandardError } from '../kit/options.ts';
import { UsageSampler } from '../kit/usage-sampler.ts';
import { reportPage } from '../report/page.ts';
import { describe, Progress } from './describe.ts';
import { Disturber } from './disturber.ts';
import { requireAdmission } from './edge-limits.ts';
import { findTarget, requireAbility } from './find-target.ts';
import { bundleForK6, Control, findK6, startK6, THRESHOLDS_FAILED } from './k6-process.ts';
import { countAddresses, readMachineCapacity, requireMachineCapacity, sourcesOf } from './machine-capacity.ts';
import { tellOperations } from './operations-page.ts';
import { type LoadOptions, type LoadRun, planLoad } from './options.ts';
import { COUNTERS, type Summary, summarise } from './summary.ts';
import type { Target } from './target.ts';
import { Timeline } from './timeline.ts';
import {
  agreement,
  type K6Summary,
  k6Thresholds,
  sampleThresholds,
  type Threshold,
  timelineThresholds,
} from './verdict.ts';

const LOOPBACK = /^(localhost|127\.[\d.]+|\[::1\])$/;
/** Two more for each socket than it needs itself: requests for sessions, and failed attempts. */
const CONNECTIONS_A_SOCKET = 1.5;
/** The verdict on a step waits until its last second has been reported. */
const VERDICT_AFTER_MS = 2500;
const MOST_SAID = 20;
/** Share of the run in which the sockets are opened, unless the scenario says otherwise. */
const RAMP_SHARE = 0.1;
/** Beyond the last second of play, for closing the sockets and k6's own summary. */
const END_SECONDS = 20;
const INTERRUPTED = 'Interrupted before any player started.';
/**
 * Lines of k6 that are left out: those without the reason, which the players report, and those about thresholds, which
 * are listed.
 */
const SAID_OTHERWISE = /^(Request Failed|thresholds on metrics .* crossed)/;

/** Runs a scenario as the command does: prints the result, and resolves with the exit code. @throws UsageError */
export async function load(name: string, options: LoadOptions, report = toStandardError): Promise<number> {
  const run = planLoad(name, options);
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => stop.abort());
  const summary = await runLoad(run, report, stop.signal);
  process.stdout.write(`${describe(summary)}\nreport: ${path.join(run.out, 'report.html')}\n`);
  return summary.passed ? 0 : 1;
}

/** Runs one scenario and writes `summary.json` and `report.html`. @throws UsageError when it cannot be run */
export async function runLoad(options: LoadRun, report: (line: string) => void, stop: AbortSignal): Promise<Summary> {
  const k6 = findK6();
  const part = options.scenario.plan(options);
  const local = options.target === undefined || ['local', 'compose', 'kind'].includes(options.target);
  const host = local ? 'localhost' : new URL(options.target!.replace(/^ws/, 'http')).hostname;
  const localIps =
    options.localIps ??
    requireMachineCapacity(
      {
        sockets: options.sockets,
        vus: options.vus,
        connections:
          options.sockets * (CONNECTIONS_A_SOCKET + (part.cuts ?? []).reduce((sum, { share }) => sum + share, 0)),
        loopback: LOOPBACK.test(host),
        ownEdge: options.target === undefined || options.target === 'local',
      },
      readMachineCapacity(),
    ) ??
    (LOOPBACK.test(host) ? sourcesOf(options.scenario.addresses) : undefined);
  const out = path.resolve(options.out);
  mkdirSync(out, { recursive: true });
  const scratch = mkdtempSync(path.join(os.tmpdir(), 'gridlock-load-'));
  if (options.target === undefined) report(`starting a cluster of ${options.replicas} replicas`);
  const target = await findTarget({ ...options, strict: options.scenario.addresses !== undefined });
  try {
    if (stop.aborted) throw new UsageError(INTERRUPTED);
    requireAbility(options.name, options.scenario, target);
    const timing = { steps: 1, rampSeconds: options.seconds * RAMP_SHARE, cuts: [], ...part };
    requireAdmission({ sockets: options.sockets, addresses: countAddresses(localIps), plan: timing }, target.limits);
    return await play({
      options,
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
  readonly options: LoadRun;
  readonly part: ReturnType<LoadRun['scenario']['plan']>;
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
  options,
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
  const { scenario } = options;
  const over = new AbortController();
  const timeline = new Timeline();
  const disturber = new Disturber(target, report, over.signal);
  let k6Pid = 0;
  const usage = new UsageSampler(async () => ({
    ...(await target.processes()),
    ...(k6Pid > 0 ? { k6: [k6Pid] } : {}),
    ...(disturber.attackerPid === undefined ? {} : { attacker: [disturber.attackerPid] }),
  }));
  const data = () => ({ size: options, timeline, usage, marks: disturber.marks, attacks: disturber.attacks });
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
      scenario: options.name,
      url: target.url,
      sockets: options.sockets,
      vus: options.vus,
      seconds: options.seconds,
      pace: options.pace,
      steps: 1,
      rampSeconds: options.seconds * RAMP_SHARE,
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
      `${options.name} on ${target.url} (${target.name}): ${options.sockets} sockets, ` +
        `${options.vus === 1 ? '1 virtual user' : `${options.vus} virtual users`}, ` +
        `${options.seconds} s, k6 ${k6.version}${localIps === undefined ? '' : `, from ${localIps}`}`,
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
      timeline,
      said: (line) => {
        if (said.length >= MOST_SAID || said.includes(line) || SAID_OTHERWISE.test(line)) return;
        said.push(line);
        report(`k6: ${line}`);
      },
    });
    k6Pid = running.pid;
    usage.start();
    const progress = new Progress(timeline, options.seconds, report);
    const interrupted = () => running.kill();
    stop.addEventListener('abort', interrupted, { once: true });
    // The signal came while the script was bundled, and no listener got it.
    if (stop.aborted) interrupted();
    const began = progress.began.then(() => disturber.begin(timeline.beganAt ?? Date.now()));
    const disturbed = began
      .then(() => scenario.disturb?.(disturber, options))
      .then(
        () => undefined,
        (error: Error) => error.message,
      );
    let stuck: NodeJS.Timeout | undefined;
    void progress.began.then(() => {
      stuck = setTimeout(
        () => {
          report('k6 does not end by itself, and is killed');
          running.kill();
        },
        (options.seconds + SETTLE_SECONDS + END_SECONDS) * 1000,
      );
    });
    const code = await running.ended;
    clearTimeout(stuck);
    stop.removeEventListener('abort', interrupted);
    progress.stop();
    over.abort();
    usage.stop();
    const problem = await disturbed;
    if (timeline.length === 0) {
      if (stop.aborted) throw new UsageError(INTERRUPTED);
      throw new UsageError(
        `k6 ended with ${code} before any player started: ${said.slice(-3).join(' ') || 'it said nothing'}`,
      );
    }
    const own = existsSync(plan.summaryFile)
      ? (JSON.parse(readFileSync(plan.summaryFile, 'utf8')) as K6Summary)
      : undefined;
    const thresholds: Threshold[] = [
      ...(own ? k6Thresholds(own, plan.thresholds) : timelineThresholds(timeline, plan.thresholds)),
      ...(own ? [agreement(own, timeline, COUNTERS)] : []),
      ...sampleThresholds(timeline),
      ...(scenario.judge?.(data()) ?? []),
      ...(problem === undefined
        ? []
        : [{ name: 'every action on the cluster was done', passed: false, value: problem }]),
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
      scenario: options.name,
      target: target.name,
      startedAt: startedAt.toISOString(),
      seconds: options.seconds,
      sockets: options.sockets,
      vus: options.vus,
      k6: k6.version,
      timeline,
      usage,
      marks: disturber.marks,
      thresholds,
      said: [...said, ...(target.endings?.() ?? [])],
    });
    writeFileSync(path.join(out, 'summary.json'), `${JSON.stringify(summary, null, 1)}\n`);
    const dashboard = existsSync(dashboardFile) ? readFileSync(dashboardFile, 'utf8') : undefined;
    writeFileSync(path.join(out, 'report.html'), await reportPage(summary, dashboard));
    await tellOperations(target, summary, report);
    return summary;
  } finally {
    over.abort();
    usage.stop();
    control?.close();
    await disturber.stop();
  }
}
