import type { Container, Probe } from "@sluice/api";
import { between, type Clock, type Instant, type Millis, millis, seconds, type Timer } from "@sluice/kernel";
import type { CheckResult } from "./check.ts";

export interface ProbeState {
  readonly isStarted: boolean;
  readonly isReady: boolean;
}

export type ProbeKind = "startup" | "readiness" | "liveness";

export interface ProberOptions {
  readonly container: Container;
  readonly clock: Clock;
  readonly startedAt: Instant;
  /** What an earlier agent knew of this run: a takeover must not take a Pod off the traffic. */
  readonly known?: ProbeState;
  readonly check: (probe: Probe, timeout: Millis) => Promise<CheckResult>;
  /** Whether the first declared port listens; for containers that declare ports and no readinessProbe. */
  readonly listens: () => boolean;
  readonly onChange: () => void;
  /** Once for each failure that counts. */
  readonly onFailure: (kind: ProbeKind, message: string) => void;
  /** The container is to be restarted. */
  readonly onDead: (kind: "startup" | "liveness", message: string) => void;
}

/** Until a program listens it is asked this often; what it answers counts once a period, as always. */
const eagerWait = millis(50);
const eagerWaitLongest = millis(500);
/** Without a readinessProbe a declared port is waited for this long before the container counts as ready anyway. */
const listenPatience = seconds(10);

/** Probes one run of one container. https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#container-probes */
export class Prober {
  readonly #options: ProberOptions;
  readonly #timers = new Set<Timer>();
  #isStarted: boolean;
  #isReady: boolean;
  #isStopped = false;

  constructor(options: ProberOptions) {
    const { container, known } = options;
    this.#options = options;
    this.#isStarted = known?.isStarted ?? container.startupProbe === undefined;
    this.#isReady = known?.isReady ?? (container.readinessProbe === undefined && !this.#declaresPorts());
  }

  get state(): ProbeState {
    return { isStarted: this.#isStarted, isReady: this.#isReady };
  }

  start(): void {
    const { startupProbe } = this.#options.container;
    if (this.#isStarted || startupProbe === undefined) this.#beginAfterStartup();
    else this.#run("startup", startupProbe);
  }

  stop(): void {
    this.#isStopped = true;
    for (const timer of this.#timers) timer.cancel();
    this.#timers.clear();
  }

  #declaresPorts(): boolean {
    return (this.#options.container.ports ?? []).some(({ protocol = "TCP" }) => protocol === "TCP");
  }

  #beginAfterStartup(): void {
    const { readinessProbe, livenessProbe } = this.#options.container;
    if (readinessProbe !== undefined) this.#run("readiness", readinessProbe);
    else if (!this.#isReady) this.#awaitListener(eagerWait);
    if (livenessProbe !== undefined) this.#run("liveness", livenessProbe);
  }

  #awaitListener(wait: Millis): void {
    const { clock, startedAt, listens } = this.#options;
    if (listens() || between(startedAt, clock.now()) >= listenPatience) {
      this.#isReady = true;
      this.#options.onChange();
      return;
    }
    this.#after(wait, () => this.#awaitListener(millis(Math.min(wait * 1.2, eagerWaitLongest))));
  }

  #run(kind: ProbeKind, probe: Probe): void {
    const { clock, startedAt } = this.#options;
    const period = seconds(Math.max(1, probe.periodSeconds ?? 10));
    const timeout = seconds(Math.max(1, probe.timeoutSeconds ?? 1));
    const failureThreshold = Math.max(1, probe.failureThreshold ?? 3);
    const successThreshold = kind === "readiness" ? Math.max(1, probe.successThreshold ?? 1) : 1;
    const initialDelay = seconds(probe.initialDelaySeconds ?? 0);
    let successes = 0;
    let failures = 0;
    let eager = eagerWait;
    let countedAt: Instant | undefined;
    const isEager = () => (kind === "startup" && !this.#isStarted) || (kind === "readiness" && !this.#isReady);
    const turn = async (): Promise<void> => {
      const result = await this.#options.check(probe, timeout);
      if (this.#isStopped) return;
      const now = clock.now();
      if (result.is === "passed") {
        failures = 0;
        successes++;
        countedAt = now;
        if (successes >= successThreshold && this.#passed(kind)) return;
      } else {
        successes = 0;
        const isDue = countedAt === undefined || between(countedAt, now) >= period || now < countedAt;
        if (isDue) {
          countedAt = now;
          failures++;
          // That a program doesn't listen the moment it is started is no news.
          if (result.isRefused !== true || failures > 1) this.#options.onFailure(kind, result.message);
          if (failures >= failureThreshold && this.#failed(kind, result.message)) return;
        }
      }
      eager = millis(Math.min(eager * 1.2, eagerWaitLongest));
      this.#after(isEager() && successes === 0 ? eager : period, () => void turn());
    };
    const firstIn = millis(Math.max(0, initialDelay - between(startedAt, clock.now())));
    this.#after(firstIn, () => void turn());
  }

  /** True where this probe is over. */
  #passed(kind: ProbeKind): boolean {
    if (kind === "startup") {
      this.#isStarted = true;
      this.#options.onChange();
      this.#beginAfterStartup();
      return true;
    }
    if (kind === "readiness" && !this.#isReady) {
      this.#isReady = true;
      this.#options.onChange();
    }
    return false;
  }

  #failed(kind: ProbeKind, message: string): boolean {
    if (kind === "readiness") {
      if (this.#isReady) {
        this.#isReady = false;
        this.#options.onChange();
      }
      return false;
    }
    this.#options.onDead(kind, message);
    return true;
  }

  #after(wait: Millis, task: () => void): void {
    const timer = this.#options.clock.after(wait, () => {
      this.#timers.delete(timer);
      if (!this.#isStopped) task();
    });
    this.#timers.add(timer);
  }
}
