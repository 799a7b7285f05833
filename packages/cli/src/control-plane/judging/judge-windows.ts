import { type Judgement, type JudgementSpec, quantityValue } from "@sluice/api";
import { comparedName } from "@sluice/api/release";
import type { JudgedWindows, TaskHandler } from "@sluice/controllers";
import {
  after,
  Fault,
  type Instant,
  instant,
  millis,
  minutes,
  murmur3,
  parseInstant,
  ratio,
  seconds,
  seededRandom,
} from "@sluice/kernel";
import { type SeriesSource, type ServedByEndpoint, type ServedCounts, servedBetween } from "@sluice/metrics";
import type { MetricsStore } from "@sluice/metrics/node";
import { durationBuckets } from "@sluice/router";
import {
  createJudge,
  type Judge,
  type JudgedRelease,
  type JudgedWindow,
  type JudgeOptions,
  judgeVersion,
  type KnownStarts,
  namedEvidence,
  pairsOverTime,
  placeboWindow,
  RecentKpis,
  shippedModel,
  type TreeModel,
  tolerancesOf,
  type Verdict,
  type VersionServed,
} from "@sluice/verdict";
import { AskedModel } from "./asked-model.ts";
import { BusinessNumbers } from "./business-numbers.ts";
import { inTurns } from "./in-turns.ts";
import { RemoteModels } from "./remote-model.ts";
import { startsBefore } from "./starts-before.ts";
import type { Begun, LogLine } from "./window-log.ts";
import type { WindowLogs } from "./window-logs.ts";

interface Replicas {
  readonly pods: number;
  readonly restarts: number;
  readonly memoryLimits?: readonly string[];
}

/** What the Judgement controller asks for. */
interface JudgeWork {
  readonly uid: string;
  readonly namespace: string;
  readonly spec: JudgementSpec;
  /** Windows judged so far, and up to which it should be. */
  readonly known: number;
  readonly upTo: number;
  /** Percent to the new version now. */
  readonly weight: number;
  readonly step: number;
  readonly stepSince: number;
  readonly canary: Replicas;
  readonly stable: Replicas;
  readonly token?: string;
}

export interface JudgingOptions {
  readonly store: MetricsStore;
  readonly logs: WindowLogs;
  readonly now: () => Instant;
  /** What the team's own releases taught; asked for at each release's start. */
  readonly teamModel?: () => Promise<TreeModel | undefined>;
  /** All of a Rollout that there are: how those that ended did so is noted before they go, and the last good one says how its Pods start. */
  readonly judgementsOf?: (namespace: string, rollout: string) => Promise<readonly Judgement[]>;
}

/** One release's judge, kept in memory; one lost in a crash is made again from what was logged. */
interface Session {
  readonly judge: Judge;
  readonly kpis: RecentKpis;
  readonly endpoints: readonly string[];
  readonly business: BusinessNumbers;
  readonly model: AskedModel;
  last: Verdict | undefined;
  /** Of the last window, in the release's time. */
  lastEnds: number;
  /** Of the last window whose numbers and prediction are kept. */
  knownEnds: number;
  windows: number;
  /** At so many windows what was seen of the starts is kept again. */
  keepStartsAt: number;
  /** Nobody asks any more by then: its release has ended. */
  forgetAt: Instant;
}

/** Sessions that are remembered, of some megabytes each; the least recently asked goes first and would be read again. */
const sessionsMax = 500;
const windowsUntilForgotten = 3;
const forgottenAfter = minutes(10);
const historyWindows = 30;
const historyWindow = seconds(60);
/** Windows that a control plane missed while it was away; older ones aren't looked back for. */
const catchUpMax = 720;

/** `{ do: "judgeWindows", … }` -> what the judge says of a release up to its last window. */
export function judgeWindows(options: JudgingOptions): TaskHandler {
  const { store, logs, now } = options;
  const sessions = new Map<string, Session>();
  const models = new RemoteModels(now);
  const judge = async (work: JudgeWork): Promise<JudgedWindows> => {
    const session = sessions.get(work.uid) ?? (await sessionOf(work, options, models));
    sessions.delete(work.uid);
    sessions.set(work.uid, session);
    const idle = Math.max(forgottenAfter, windowsUntilForgotten * seconds(work.spec.windowSeconds));
    session.forgetAt = after(now(), millis(idle));
    for (const [uid, { forgetAt }] of sessions) {
      if (sessions.size > sessionsMax || forgetAt <= now()) sessions.delete(uid);
    }
    try {
      await judgeUpTo(work, session, store, logs);
    } catch (thrown) {
      // It has seen windows that may not be kept: one that is read again goes on from those that are.
      sessions.delete(work.uid);
      throw thrown;
    }
    const { last, lastEnds } = session;
    if (last === undefined) throw new Fault("unavailable", "no window is over yet");
    const memoryLimit = memoryLimitOf(work.canary);
    const kpis = session.kpis.now(memoryLimit);
    const metrics = await session.business.metrics(now());
    const evidence = namedEvidence(last.evidence, session.endpoints);
    const result: JudgedWindows = { windows: session.windows, verdict: { ...last, evidence }, kpis, metrics };
    const { model } = work.spec;
    const known = {
      type: "known",
      ends: lastEnds,
      metrics,
      ...(memoryLimit === undefined ? {} : { memoryLimit }),
    } as const;
    const keep = async (line: LogLine): Promise<void> => {
      if (session.knownEnds >= lastEnds) return;
      await logs.append(work.uid, [line]);
      session.knownEnds = lastEnds;
    };
    if (model === undefined) {
      await keep(known);
      return result;
    }
    const { tokenSecretRef: secret } = model;
    const asked: JudgedWindows["model"] =
      secret !== undefined && work.token === undefined
        ? { message: `not asked: Secret ${secret.name} has no key ${secret.key}; the built-in verdict stands` }
        : await session.model.answerTo(
            {
              ...model,
              ...(work.token === undefined ? {} : { token: work.token }),
              kpis,
              metrics,
              requestsPerSecond: kpis.requests / Math.min(600, session.windows * work.spec.windowSeconds),
              at: new Date(now()),
            },
            { use: model.use ?? "beside", isDecided: last.action === "rollback" },
          );
    const { prediction } = asked ?? {};
    await keep({ ...known, ...(prediction === undefined ? {} : { prediction }) });
    return asked === undefined ? result : { ...result, model: asked };
  };
  return inTurns((work) => judge(work as unknown as JudgeWork));
}

async function judgeUpTo(work: JudgeWork, session: Session, store: MetricsStore, logs: WindowLogs): Promise<void> {
  const { spec } = work;
  const began = parseInstant(spec.beganAt);
  if (began === undefined) throw new Fault("invalid", "spec.beganAt is no time");
  const length = seconds(spec.windowSeconds);
  const lines: LogLine[] = [];
  for (let index = Math.max(session.windows, work.upTo - catchUpMax); index < work.upTo; index++) {
    const from = instant(began + index * length);
    const until = instant(from + length);
    const read = (hash: string, { pods, restarts }: Replicas, since: Instant, to: Instant): VersionServed =>
      versionOf(
        servedBetween(store, { namespace: work.namespace, podTemplateHash: hash, edges: durationBuckets }, since, to),
        session.endpoints,
        { pods, restarts, ...session.business.conversionsOf(hash, since, to), ...memoryOf(session, hash, to) },
      );
    const canary = read(spec.canary.podTemplateHash, work.canary, from, until);
    // As long before the switch as this is after it: each window before is compared with once.
    const [controlFrom, controlUntil] =
      spec.comparedWith === "before"
        ? ([instant(2 * began - until), instant(2 * began - from)] as const)
        : [from, until];
    const { podTemplateHash: control } = spec.baseline ?? spec.stable;
    const stable = read(control, work.stable, controlFrom, controlUntil);
    const window: JudgedWindow = {
      ends: millis(until - began),
      lasts: length,
      weight: ratio(Math.min(1, Math.max(0, work.weight / 100))),
      step: work.step,
      stepAge: millis(Math.max(0, until - work.stepSince)),
      canary,
      ...(stable.requests === 0 && work.weight >= 100 ? {} : { stable }),
    };
    const verdict = show(session, window);
    session.windows = index + 1;
    lines.push({
      type: "window",
      window,
      verdict: { action: verdict.action, nats: verdict.nats, because: verdict.because },
      judge: judgeVersion,
    });
  }
  if (lines.length === 0) return;
  await logs.append(work.uid, lines);
  await keepStarts(work, session, logs);
}

/** Each time that twice as much was seen: the next release's judge learns from it, if this one was good. */
async function keepStarts({ uid, spec }: JudgeWork, session: Session, logs: WindowLogs): Promise<void> {
  const { starts } = session.windows < session.keepStartsAt ? {} : session.judge;
  if (starts === undefined) return;
  session.keepStartsAt = Math.max(2 * session.windows, Math.ceil(60 / spec.windowSeconds));
  await logs.keepStarts(uid, starts);
}

function show(session: Session, window: JudgedWindow): Verdict {
  const verdict = session.judge.observe(window);
  session.kpis.add(window);
  session.last = verdict;
  session.lastEnds = window.ends;
  return verdict;
}

/** Of a pod: its containers' limits together. */
function memoryLimitOf({ memoryLimits }: Replicas): number | undefined {
  const bytes = (memoryLimits ?? []).map((limit) => quantityValue(limit) ?? Number.NaN);
  const sum = bytes.reduce((total, limit) => total + limit, 0);
  return bytes.length === 0 || Number.isNaN(sum) ? undefined : sum;
}

const memoryOf = ({ business }: Session, hash: string, at: Instant) => {
  const memoryMax = business.memoryOf(hash, at);
  return memoryMax === undefined ? {} : { memoryMax };
};

/** What was remembered no more is read again, and a release's first look is its beginning. */
async function sessionOf(work: JudgeWork, options: JudgingOptions, models: RemoteModels): Promise<Session> {
  const { logs, now, judgementsOf } = options;
  const judgements = (await judgementsOf?.(work.namespace, work.spec.rollout.name)) ?? [];
  await logs.sweep(now());
  await logs.noteEnds(judgements);
  let resumed: Session | undefined;
  await logs.read(work.uid, (begun) => {
    const session = newSession(work, options, models, begun);
    resumed = session;
    return ({ window, known }) => {
      show(session, window);
      if (known !== undefined) session.knownEnds = window.ends;
      session.windows = Math.round(window.ends / seconds(work.spec.windowSeconds));
    };
  });
  if (resumed !== undefined) return resumed;
  const begun = await begin(work, options, await startsBefore(work.spec, judgements, logs));
  return newSession(work, options, models, begun);
}

const newSession = (
  { namespace, spec }: JudgeWork,
  { store }: JudgingOptions,
  models: RemoteModels,
  { release, learned }: Begun,
): Session => ({
  judge: createJudge(release, tolerancesOf(spec), asOption(learned)),
  kpis: new RecentKpis(release.bucketEdgesMs),
  endpoints: release.names?.endpoints ?? [],
  business: new BusinessNumbers(store, namespace, spec),
  model: new AskedModel(models),
  last: undefined,
  lastEnds: 0,
  knownEnds: 0,
  windows: 0,
  keepStartsAt: 0,
  forgetAt: instant(0),
});

/** What it begins with is kept, so that its verdicts can be worked out again after the service is known better. */
async function begin(
  work: JudgeWork,
  { store, logs, teamModel }: JudgingOptions,
  starts: KnownStarts | undefined,
): Promise<Begun> {
  const learned = (await teamModel?.()) ?? shippedModel ?? "off";
  const release = { ...judgedRelease(work, store), ...(starts === undefined ? {} : { starts }) };
  await logs.append(work.uid, [{ type: "release", release, ...asOption(learned) }]);
  return { release, learned };
}

const asOption = (learned: JudgeOptions["learned"]): JudgeOptions => (learned === undefined ? {} : { learned });

/** What the judge is told before the first window: the plan, and how the stable version's requests differ by chance. */
export function judgedRelease(
  { uid, namespace, spec }: Pick<JudgeWork, "uid" | "namespace" | "spec">,
  store: SeriesSource,
): JudgedRelease {
  const began = parseInstant(spec.beganAt) ?? instant(0);
  const random = seededRandom(murmur3(new TextEncoder().encode(uid)));
  const query = { namespace, podTemplateHash: spec.stable.podTemplateHash, edges: durationBuckets };
  const windows = Array.from({ length: historyWindows }, (_, index) => {
    const until = instant(began - (historyWindows - 1 - index) * historyWindow);
    return servedBetween(store, query, instant(until - historyWindow), until);
  }).filter(({ requests }) => requests > 0);
  const endpoints = endpointsOf(windows);
  const replicas = { pods: 1, restarts: 0, exposures: 0, conversions: 0 };
  return {
    plan: spec.plan.map(({ weight, seconds: lasts }) => ({ weight: ratio(weight / 100), lasts: seconds(lasts) })),
    bucketEdgesMs: durationBuckets.map((edge) => edge * 1000),
    history:
      spec.comparedWith === "before"
        ? pairsOverTime(
            windows.map((served) => versionOf(served, endpoints, replicas)),
            historyWindow,
          )
        : windows.map((served) => placeboWindow(versionOf(served, endpoints, replicas), historyWindow, random)),
    ...(spec.baseline === undefined ? {} : { control: "fresh" as const }),
    names: { canary: spec.canary.name, stable: comparedName(spec), endpoints, beganAt: began },
  };
}

export function versionOf(
  served: ServedByEndpoint,
  endpoints: readonly string[],
  more: Omit<VersionServed, "requests" | "failures" | "latencyCounts" | "endpoints">,
): VersionServed {
  const nothing = { requests: 0, failures: 0, latencyCounts: served.latencyCounts.map(() => 0) };
  const named = new Set(endpoints);
  return {
    requests: served.requests,
    failures: served.failures,
    latencyCounts: served.latencyCounts,
    endpoints: endpoints.map((name) =>
      name === rest ? restOf(served, named) : (served.endpoints.get(name) ?? nothing),
    ),
    ...more,
  };
}

/** Each endpoint that is looked at alone costs time, and all of them a little proof. */
const judgedEndpointsMax = 24;
/** What isn't looked at alone: a version's numbers are those of its endpoints together. */
const rest = "other endpoints";

/** Those with most requests, by name, and the rest as one; none where nothing was served yet. */
function endpointsOf(windows: readonly ServedByEndpoint[]): readonly string[] {
  const requests = new Map<string, number>();
  for (const { endpoints } of windows) {
    for (const [name, served] of endpoints) {
      if (name !== "other") requests.set(name, (requests.get(name) ?? 0) + served.requests);
    }
  }
  const most = [...requests].sort(([a, one], [b, other]) => other - one || (a < b ? -1 : 1));
  const named = most.slice(0, judgedEndpointsMax).map(([name]) => name);
  return windows.length === 0 ? [] : [...named.sort(), rest];
}

function restOf(served: ServedByEndpoint, named: ReadonlySet<string>): ServedCounts {
  const others = [...served.endpoints].filter(([name]) => !named.has(name)).map(([, counts]) => counts);
  return {
    requests: others.reduce((sum, { requests }) => sum + requests, 0),
    failures: others.reduce((sum, { failures }) => sum + failures, 0),
    latencyCounts: served.latencyCounts.map((_, bucket) =>
      others.reduce((sum, { latencyCounts }) => sum + (latencyCounts[bucket] ?? 0), 0),
    ),
  };
}
