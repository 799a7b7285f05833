import type { Judgement, JudgementSpec, Rollout } from "@sluice/api";
import { defaultRollbackRules } from "@sluice/api";
import { type JudgedWindows, stepReached } from "@sluice/controllers";
import { after, type Clock, Fault, type Instant, instant, millis, ratio, seconds, type Timer } from "@sluice/kernel";
import {
  createJudge,
  type Judge,
  type JudgedRelease,
  namedEvidence,
  RecentKpis,
  tolerancesOf,
  type Verdict,
  type VersionServed,
} from "@sluice/verdict";
import type { Past } from "../model/past.ts";
import type { ModelledService, Version } from "../model/service.ts";
import { catchUp, copyOf, servedBetween } from "../model/windows.ts";
import type { Reply } from "./control-plane/ask.ts";
import { JudgedNames } from "./names.ts";
import { LookTimes, type Step, settling, shortest } from "./next-look.ts";
import { natsAgainst } from "./unseen.ts";
import { type Mark, WindowMark } from "./window-mark.ts";

/** What the Judgement controller asks for, as far as a model needs it. */
export interface JudgeWork {
  readonly uid: string;
  readonly spec: JudgementSpec;
  readonly step: number;
  readonly stepSince: Instant;
}

/** What a look found. */
interface Said {
  readonly windows: number;
  readonly verdict: Verdict;
}

interface Session {
  readonly plan: JudgementSpec["plan"];
  step: Step;
  /** Seconds of the service's life when it began. */
  readonly since: number;
  readonly judge: Judge;
  readonly kpis: RecentKpis;
  readonly before: ReturnType<typeof copyOf>;
  lookedAt: number;
  /** What it said last, and when it looks again. */
  said: Said | undefined;
  dueAt: Instant;
  /** It was told to the controller. */
  told: Said | undefined;
}

/** A task that waits for news. */
interface Waiting {
  readonly session: Session;
  readonly work: JudgeWork;
  readonly tell: (reply: Reply) => void;
  timer: Timer | undefined;
}

/**
 * Answers the task `judgeWindows` from what the modelled service counted. The controller is told what it doesn't know: a look
 * that finds nothing new costs it nothing.
 */
export class JudgedModel {
  readonly #service: ModelledService;
  readonly #history: JudgedRelease["history"];
  readonly #starts: JudgedRelease["starts"];
  readonly #edgesMs: readonly number[];
  readonly #endpoints: readonly string[];
  readonly #past: Past | undefined;
  readonly #isEachWindow: boolean;
  readonly #names: JudgedNames;
  /** Absent where a window ends at the look. */
  readonly #mark: WindowMark | undefined;
  readonly #clock: Clock;
  readonly #rollout: () => Rollout;
  readonly #times: LookTimes;
  readonly #sessions = new Map<string, Session>();
  readonly #waiting = new Map<string, Waiting>();
  heldMillis = 0;

  constructor(options: {
    readonly service: ModelledService;
    readonly history: JudgedRelease["history"];
    /** What the judge of a release that is replayed knew of the service's starts. */
    readonly starts?: JudgedRelease["starts"];
    readonly edgesMs: readonly number[];
    readonly endpoints: readonly string[];
    readonly past?: Past | undefined;
    /** As it looks for real: where little time passes, or what it says at each look is asked for. */
    readonly isEachWindow: boolean;
    /** Windows end when they do for real: a look comes a moment after that, and a release of seconds is another by then. */
    readonly isReplay: boolean;
    /** Of a past release. */
    readonly names?: JudgedRelease["names"] | undefined;
    readonly clock: Clock;
    readonly rollout: () => Rollout;
  }) {
    this.#service = options.service;
    this.#history = options.history;
    this.#starts = options.starts;
    this.#edgesMs = options.edgesMs;
    this.#endpoints = options.endpoints;
    this.#past = options.past;
    this.#isEachWindow = options.isEachWindow;
    this.#names = new JudgedNames(options.names);
    if (options.isReplay) this.#mark = new WindowMark(options.service, options.clock);
    this.#clock = options.clock;
    this.#rollout = options.rollout;
    this.#times = new LookTimes(options);
  }

  /** At once where there is news; what comes back ends the waiting for it. */
  judge(work: JudgeWork, tell: (reply: Reply) => void): () => void {
    const session = this.#sessions.get(work.uid) ?? this.#begin(work, this.#times.beganAt(work.spec));
    this.#sessions.set(work.uid, session);
    session.step = stepAt(session.step, work.step, work.stepSince);
    const waiting: Waiting = { session, work, tell, timer: undefined };
    this.#waiting.set(work.uid, waiting);
    this.#goOn(waiting);
    return () => this.#stop(waiting);
  }

  #stop(waiting: Waiting): void {
    waiting.timer?.cancel();
    if (this.#waiting.get(waiting.work.uid) === waiting) this.#waiting.delete(waiting.work.uid);
  }

  /** The release is at another step: who waits for news goes on waiting, in that step, and looks again soon. */
  stepped(): void {
    const now = this.#clock.now();
    const weight = this.#rollout().status?.canary?.weights?.canary.weight ?? 0;
    for (const session of this.#sessions.values()) {
      session.step = stepAt(session.step, stepReached(session.plan, weight), now);
    }
    for (const waiting of this.#waiting.values()) {
      const { session, work } = waiting;
      if (session.said === undefined) continue;
      const due = this.#times.dueAt(work.spec, instant(now + shortest));
      if (due.at < session.dueAt) {
        session.dueAt = due.at;
        session.said = { ...session.said, windows: due.windows };
      }
      this.#wait(waiting);
    }
  }

  /** Looks where it is time to, and waits where nothing new is seen. */
  #goOn(waiting: Waiting): void {
    const { session, work } = waiting;
    const now = this.#clock.now();
    try {
      if (session.said === undefined) session.said = this.#look(session, work);
      else if (now >= session.dueAt)
        session.said = this.#putOff(session, session.said, work) ?? this.#look(session, work);
    } catch (thrown) {
      this.#stop(waiting);
      waiting.tell({ is: "refused", cause: thrown });
      return;
    }
    if (this.#isNews(session, work.spec)) this.#tell(waiting, session.said);
    else this.#wait(waiting);
  }

  #wait(waiting: Waiting): void {
    waiting.timer?.cancel();
    const left = millis(waiting.session.dueAt - this.#clock.now());
    waiting.timer = this.#clock.after(left, () => this.#goOn(waiting));
  }

  #tell(waiting: Waiting, said: Said): void {
    const { session, tell } = waiting;
    this.#stop(waiting);
    session.told = said;
    tell({ is: "done", result: this.#windowsOf(session, said) });
  }

  /** A policy's rules and metrics are asked at each look; else only a verdict that changes, or that is bad, is news. */
  #isNews(
    { said, told }: Session,
    { policy, rules = defaultRollbackRules, metrics = [], model }: JudgementSpec,
  ): boolean {
    if (this.#isEachWindow || told === undefined || said === undefined) return true;
    if ((policy !== undefined && rules.length > 0) || metrics.length > 0 || model !== undefined) return true;
    const isCalm = ({ verdict }: Said) => verdict.action === "continue" && !verdict.suspects;
    return !isCalm(said) || !isCalm(told);
  }

  /**
   * As before, where what was served since can't have made it another verdict: then it is looked at with what comes next.
   * Undefined where it may have, where somebody waits for each look, and where a step ends before the next one.
   */
  #putOff(session: Session, said: Said, work: JudgeWork): Said | undefined {
    const { spec } = work;
    if (this.#isNews(session, spec) || spec.comparedWith === "before") return undefined;
    const service = this.#service;
    service.advanceTo(this.#clock.now());
    const control = spec.baseline === undefined ? "stable" : "baseline";
    if (service.restarts.canary > 0 || service.split[control] <= 0) return undefined;
    const unseen = 1000 * (service.elapsed - session.lookedAt);
    if (!this.#times.mayBePutOff(session.step, unseen)) return undefined;
    const since = (version: Version) => counted(servedBetween(session.before[version], service.served[version]), spec);
    const nats = natsAgainst(since("canary"), since(control));
    if (nats > mostUnseen || said.verdict.nats + nats > 0) return undefined;
    const { windows, at } = this.#times.dueAt(spec, this.#times.next(session.step, spec, false));
    session.dueAt = at;
    return { ...said, windows };
  }

  #look(session: Session, work: JudgeWork): Said {
    const { spec } = work;
    const { step } = session;
    const service = this.#service;
    const now = this.#clock.now();
    service.advanceTo(now);
    const began = this.#times.beganAt(work.spec);
    const seen = this.#seen(session, spec);
    const ends = instant(now - Math.round((service.elapsed - seen.elapsed) * 1000));
    const lasts = millis(Math.round((seen.elapsed - session.lookedAt) * 1000));
    if (lasts <= 0) throw new Fault("unavailable", "no window is over yet");
    const served = (version: Version): VersionServed => ({
      ...counted(servedBetween(session.before[version], seen.served[version]), spec),
      memoryMax: service.memory(version),
      restarts: service.restarts[version],
      pods: Math.max(1, service.pods[version]),
    });
    const { canary } = service.split;
    const stable =
      spec.comparedWith === "before"
        ? this.#servedBefore(session, seen.elapsed, spec)
        : this.#servedBeside(served, spec);
    const window = {
      ends: millis(ends - began),
      lasts,
      weight: ratio(Math.min(1, canary)),
      step: step.index,
      stepAge: millis(Math.max(0, ends - step.since)),
      canary: served("canary"),
      ...(stable === undefined ? {} : { stable }),
    };
    const verdict = session.judge.observe(window);
    session.kpis.add(window);
    catchUp(session.before, seen);
    session.lookedAt = seen.elapsed;
    if (verdict.suspects) this.heldMillis += lasts;
    const length = seconds(spec.windowSeconds);
    const due = this.#isEachWindow ? instant(now + length) : this.#times.next(step, spec, verdict.suspects);
    const { windows, at } = this.#times.dueAt(spec, due);
    session.dueAt = at;
    this.#mark?.setAt(instant(at - settling));
    return { windows, verdict };
  }

  /** By the end of the last window that is over, where that was marked and not looked at yet; else all until now. */
  #seen({ lookedAt }: Session, spec: JudgementSpec): Mark {
    const began = this.#times.beganAt(spec);
    const length = seconds(spec.windowSeconds);
    const over = Math.floor((this.#clock.now() - settling - began) / length);
    const mark = this.#mark?.at(instant(began + over * length));
    return mark !== undefined && mark.elapsed > lookedAt ? mark : this.#service;
  }

  /** As the controller is told it: only then it is put in words. */
  #windowsOf({ kpis }: Session, { windows, verdict }: Said): JudgedWindows {
    const evidence = namedEvidence(verdict.evidence, this.#endpoints);
    return { windows, verdict: { ...verdict, evidence }, kpis: kpis.now(), metrics: {} };
  }

  #servedBeside(served: (version: Version) => VersionServed, { baseline }: JudgementSpec): VersionServed | undefined {
    const control = baseline === undefined ? "stable" : "baseline";
    return this.#service.split[control] > 0 ? served(control) : undefined;
  }

  /** As long before the switch as this window is after it. */
  #servedBefore({ since, lookedAt }: Session, elapsed: number, spec: JudgementSpec): VersionServed | undefined {
    const from = this.#past?.until(2 * since - elapsed);
    const until = this.#past?.until(2 * since - lookedAt);
    if (from === undefined || until === undefined) return undefined;
    return {
      ...counted(servedBetween(from, until), spec),
      memoryMax: this.#service.memory("stable"),
      restarts: 0,
      pods: 1,
    };
  }

  /** Before the first request of the new version, from the traffic that the Judgement begins with. */
  #begin({ spec, step, stepSince }: JudgeWork, began: Instant): Session {
    const release: JudgedRelease = {
      plan: spec.plan.map(({ weight, seconds: lasts }) => ({ weight: ratio(weight / 100), lasts: seconds(lasts) })),
      bucketEdgesMs: this.#edgesMs,
      history: this.#history,
      ...(spec.baseline === undefined ? {} : { control: "fresh" as const }),
      ...(this.#starts === undefined ? {} : { starts: this.#starts }),
      names: this.#names.of(spec, this.#endpoints, began),
    };
    // Another one takes over where the first was: what that one saw against another control is no evidence.
    const isFirst = this.#sessions.size === 0;
    return {
      plan: spec.plan,
      step: { index: step, since: stepSince },
      since: this.#service.elapsed - (this.#clock.now() - began) / 1000,
      judge: createJudge(release, tolerancesOf(spec)),
      kpis: new RecentKpis(this.#edgesMs),
      before: isFirst ? this.#atRoute : copyOf(this.#service),
      lookedAt: isFirst ? this.#routedSeconds : this.#service.elapsed,
      said: undefined,
      dueAt: began,
      told: undefined,
    };
  }

  #atRoute: ReturnType<typeof copyOf> = { stable: [], canary: [], baseline: [] };
  #routedSeconds = 0;

  /**
   * The new version is about to get its first traffic: what was served before isn't part of its windows. `spec`: of the
   * Judgement that begins with it, where one does.
   */
  begins(spec?: JudgementSpec): void {
    this.#atRoute = copyOf(this.#service);
    this.#routedSeconds = this.#service.elapsed;
    if (spec !== undefined) this.#mark?.setAt(after(this.#times.beganAt(spec), seconds(spec.windowSeconds)));
  }
}

/** What the controller writes of a step is as old as what it was told last: here a step is known from its begin. */
const stepAt = (known: Step, index: number, since: Instant): Step => (known.index === index ? known : { index, since });

/** Nats against the canary that are looked at with what comes next: chance brings more in one window of four. */
const mostUnseen = 1.5;
/** The Judgement of this release, the last one first. */
export function judgementIn(objects: Iterable<{ readonly kind: string }>): Judgement | undefined {
  return [...objects].findLast((object): object is Judgement => object.kind === "Judgement");
}

/** Who converts is counted where a RollbackPolicy says by what; else no judge hears of it. */
const counted = (served: ReturnType<typeof servedBetween>, { conversions }: JudgementSpec) =>
  conversions === undefined ? { ...served, exposures: 0, conversions: 0 } : served;
