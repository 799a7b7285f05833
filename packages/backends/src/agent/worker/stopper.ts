import { join } from "node:path";
import type { Container, Pod } from "@sluice/api";
import { after, type Instant, type Millis, millis, seconds, toFault } from "@sluice/kernel";
import { readJson } from "../files/atomic.ts";
import type { PodFolder } from "../pod/pod-folder.ts";
import { readRun, recordStop } from "../process/run-folder.ts";
import { forestall, killGroup, killRun, signalMain } from "../process/signals.ts";
import { containerEntries, latestRun } from "./containers.ts";
import type { Running, Tender } from "./tender.ts";
import type { WorkerTools } from "./tools.ts";

export interface StopperOptions {
  readonly tools: WorkerTools;
  readonly folder: PodFolder;
  readonly tender: Tender;
  readonly pod: () => Pod;
  /** True where the Pod leaves the traffic, not only one of its containers. */
  readonly leavesTraffic: () => boolean;
  /** Tells everybody that it isn't ready any more. */
  readonly announce: () => void;
  readonly wake: () => void;
}

const killPatience = seconds(2);

/** Stops runs: written down first, then asked, then made. A successor carries on from what was written. */
export class Stopper {
  readonly #options: StopperOptions;
  readonly #asking = new Set<string>();

  constructor(options: StopperOptions) {
    this.#options = options;
  }

  /** Writes that the latest run is to stop. Nothing happens where it is stopping already. */
  begin(name: string, because: string, graceSeconds: number): void {
    const { tools, folder, tender, pod, wake } = this.#options;
    const run = latestRun(folder, name);
    if (run === undefined || run.is === "ended") return;
    const runFolder = folder.run(name, run.record.attempt);
    if (run.is === "starting") {
      // A shim that was faster is stopped when it has said who its program is.
      if (run.shim === undefined && forestall(runFolder)) wake();
      return;
    }
    if (run.stop !== undefined) return;
    const now = tools.clock.now();
    recordStop(runFolder, { because, at: now, killAt: after(now, seconds(graceSeconds)) });
    tender.rest(run.record.containerId);
    tools.events.record(pod(), "Normal", "Killing", `Stopping container ${name}`);
    wake();
  }

  /** A later word asks for less patience. */
  hasten(graceSeconds: number): void {
    const { tools, folder, pod } = this.#options;
    const killAt = after(tools.clock.now(), seconds(graceSeconds));
    for (const { container } of containerEntries(pod().spec)) {
      const run = latestRun(folder, container.name);
      if (run?.is !== "running" || run.stop === undefined || run.stop.killAt <= killAt) continue;
      recordStop(folder.run(container.name, run.record.attempt), { ...run.stop, killAt });
    }
  }

  /** Carries a recorded stop on: drain, preStop, SIGTERM, and SIGKILL when its time has come. */
  pursue(container: Container, run: Running, now: Instant): void {
    const { stop } = run;
    if (stop === undefined) return;
    // A clock set back must not give it more than the whole grace.
    const isOver = now >= stop.killAt || now < stop.at;
    if (isOver) {
      killRun(run);
      if (now >= after(stop.killAt, killPatience)) killGroup(run.shim);
      return;
    }
    if (stop.signalledAt !== undefined || this.#asking.has(run.record.containerId)) return;
    this.#asking.add(run.record.containerId);
    void this.#ask(container, run).catch((thrown: unknown) => {
      const { name, namespace } = this.#options.pod().metadata;
      const fields = { pod: `${namespace}/${name}`, fault: toFault(thrown).message };
      this.#options.tools.log("warn", "a stop didn't go as planned", fields);
      signalMain(run, "SIGTERM");
    });
  }

  /** When something must happen to a run that is stopping. */
  nextAt(run: Running, now: Instant): Instant {
    const killAt = run.stop?.killAt ?? now;
    return now < killAt ? killAt : after(now, millis(500));
  }

  forget(containerId: string): void {
    this.#asking.delete(containerId);
  }

  async #ask(container: Container, run: Running): Promise<void> {
    const { tools, folder, tender, pod, leavesTraffic, announce, wake } = this.#options;
    const { clock, router, drainMillis, events } = tools;
    const left = () => millis(Math.max(1, (run.stop?.killAt ?? clock.now()) - clock.now()));
    if (leavesTraffic() && router !== undefined) {
      announce(); // readiness goes first, so that no new request comes
      const patience = millis(Math.min(drainMillis, left()));
      const isEnd = run.stop?.because === "shutdown";
      await Promise.race([router.drain(pod().metadata.uid ?? "", patience, isEnd), this.#sleep(patience)]);
    }
    const hook = container.lifecycle?.preStop;
    if (hook !== undefined) {
      const limit = left();
      const failure = await Promise.race([tender.hook(container, run, hook, limit), this.#sleep(limit)]);
      if (failure !== undefined) events.record(pod(), "Warning", "FailedPreStopHook", failure);
    }
    const runFolder = folder.run(container.name, run.record.attempt);
    const latest = readRun(runFolder);
    if (latest?.is === "running" && latest.stop !== undefined) {
      recordStop(runFolder, { ...latest.stop, signalledAt: clock.now() });
      signalMain(latest, stopSignal(container, runFolder));
    }
    wake();
  }

  #sleep(wait: Millis): Promise<undefined> {
    return new Promise((resolve) => this.#options.tools.clock.after(wait, () => resolve(undefined)));
  }
}

/** The container's word, the image's, or SIGTERM. */
function stopSignal(container: Container, runFolder: string): NodeJS.Signals {
  const said = readJson<{ readonly signal: string }>(join(runFolder, "signal.json"))?.signal;
  const asked = container.lifecycle?.stopSignal ?? said ?? "SIGTERM";
  const name = asked.startsWith("SIG") ? asked : `SIG${asked}`;
  return /^SIG(TERM|INT|QUIT|HUP|USR1|USR2|WINCH|KILL)$/.test(name) ? (name as NodeJS.Signals) : "SIGTERM";
}
