import { join } from "node:path";
import type { Container, LifecycleHandler, Pod } from "@sluice/api";
import { type Millis, seconds } from "@sluice/kernel";
import { readJson, writeJson } from "../files/atomic.ts";
import { portNumber } from "../network/port-map.ts";
import { findProgram } from "../pod/command.ts";
import type { PodFolder } from "../pod/pod-folder.ts";
import { type CheckPlace, check } from "../probes/check.ts";
import { Prober, type ProbeState } from "../probes/prober.ts";
import { type RunState, runEnvironment } from "../process/run-folder.ts";
import type { PortFinder } from "./endpoint.ts";
import type { WorkerTools } from "./tools.ts";

export type Running = RunState & { readonly is: "running" };

export interface TenderOptions {
  readonly tools: WorkerTools;
  readonly folder: PodFolder;
  readonly pod: () => Pod;
  readonly ports: () => PortFinder | undefined;
  readonly onChange: () => void;
  /** A probe or a hook says that the container must be started again. */
  readonly onDead: (container: string, because: string, graceSeconds: number) => void;
}

const hookPatience = seconds(600);

/** Probes and hooks of the runs that live. */
export class Tender {
  readonly #options: TenderOptions;
  readonly #probers = new Map<string, Prober>();
  readonly #hooking = new Set<string>();

  constructor(options: TenderOptions) {
    this.#options = options;
  }

  /** What a run is known to be; begins to probe one that is new here. */
  tend(container: Container, run: Running): ProbeState {
    const { containerId } = run.record;
    let prober = this.#probers.get(containerId);
    if (prober === undefined) {
      prober = this.#newProber(container, run);
      this.#probers.set(containerId, prober);
      this.#runPostStart(container, run);
      if (run.stop === undefined) prober.start();
    }
    const { isStarted, isReady } = prober.state;
    const isHooked = !this.#hooking.has(containerId);
    return { isStarted: isStarted && isHooked, isReady: isReady && isHooked };
  }

  /** A run that is being stopped isn't probed any more. */
  rest(containerId: string): void {
    this.#probers.get(containerId)?.stop();
  }

  forget(containerId: string): void {
    this.rest(containerId);
    this.#probers.delete(containerId);
    this.#hooking.delete(containerId);
  }

  dispose(): void {
    for (const prober of this.#probers.values()) prober.stop();
    this.#probers.clear();
  }

  /** Undefined where it went well, else what went wrong. */
  async hook(
    container: Container,
    run: Running,
    handler: LifecycleHandler,
    limit: Millis,
  ): Promise<string | undefined> {
    if (handler.sleep !== undefined) {
      const wait = Math.min(seconds(handler.sleep.seconds), limit) as Millis;
      await new Promise<void>((resolve) => this.#options.tools.clock.after(wait, resolve));
      return undefined;
    }
    const result = await check(handler, this.#placeOf(container, run), limit);
    return result.is === "passed" ? undefined : result.message;
  }

  #newProber(container: Container, run: Running): Prober {
    const { tools, folder, pod, ports, onChange, onDead } = this.#options;
    const file = join(folder.run(container.name, run.record.attempt), "probes.json");
    const known = readJson<ProbeState>(file);
    const first = container.ports?.find(({ protocol = "TCP" }) => protocol === "TCP")?.containerPort;
    const prober: Prober = new Prober({
      container,
      clock: tools.clock,
      startedAt: run.startedAt,
      ...(known === undefined ? {} : { known }),
      check: (probe, timeout) => check(probe, this.#placeOf(container, run), timeout),
      listens: () => first === undefined || ports()?.addressOf(container.name, first, run.shim.pid) !== undefined,
      onChange: () => {
        writeJson(file, prober.state);
        onChange();
      },
      onFailure: (kind, message) => {
        const title = `${kind[0]?.toUpperCase()}${kind.slice(1)}`;
        tools.events.record(pod(), "Warning", "Unhealthy", `${title} probe failed: ${message}`);
      },
      onDead: (kind) => {
        const probe = kind === "startup" ? container.startupProbe : container.livenessProbe;
        const grace = probe?.terminationGracePeriodSeconds ?? pod().spec.terminationGracePeriodSeconds ?? 30;
        const message = `Container ${container.name} failed ${kind} probe, will be restarted`;
        tools.events.record(pod(), "Normal", "Killing", message);
        onDead(container.name, `${kind} probe failed`, grace);
      },
    });
    return prober;
  }

  #placeOf(container: Container, run: Running): CheckPlace {
    const { tools, folder, ports } = this.#options;
    const root = folder.root(container.name, run.record.attempt);
    const environment = runEnvironment(folder.run(container.name, run.record.attempt)) ?? {};
    const { workingFolder } = run.record;
    return {
      addressOf: (port) => {
        const number = portNumber(container, port);
        return number === undefined ? undefined : ports()?.addressOf(container.name, number, run.shim.pid);
      },
      environment,
      workingFolder,
      program: (word) => {
        const place = { root, workingFolder, path: environment.PATH ?? "", node: tools.nodeProgram };
        const found = findProgram(word, place);
        return found.is === "found" ? found.file : word;
      },
    };
  }

  #runPostStart(container: Container, run: Running): void {
    const { tools, folder, pod, onChange, onDead } = this.#options;
    const handler = container.lifecycle?.postStart;
    const marker = join(folder.run(container.name, run.record.attempt), "poststart.json");
    if (handler === undefined || readJson(marker) !== undefined) return;
    const { containerId } = run.record;
    writeJson(marker, { at: tools.clock.now() });
    this.#hooking.add(containerId);
    void this.hook(container, run, handler, hookPatience).then((failure) => {
      this.#hooking.delete(containerId);
      if (failure !== undefined) {
        tools.events.record(pod(), "Warning", "FailedPostStartHook", failure);
        onDead(container.name, "postStart hook failed", pod().spec.terminationGracePeriodSeconds ?? 30);
      }
      onChange();
    });
  }
}
