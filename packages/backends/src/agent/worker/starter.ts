import { join } from "node:path";
import type { Pod } from "@sluice/api";
import { after, between, type Instant, seconds, toFault } from "@sluice/kernel";
import { pullBackoff } from "../pod/backoff.ts";
import type { PodAction } from "../pod/plan.ts";
import type { PodFolder, PodRecord } from "../pod/pod-folder.ts";
import type { Waiting } from "../pod/view.ts";
import { type RunState, startRun } from "../process/run-folder.ts";
import { containerEntries, dropOldRuns } from "./containers.ts";
import { prepareContainer } from "./prepare.ts";
import type { WorkerTools } from "./tools.ts";

export interface StarterOptions {
  readonly tools: WorkerTools;
  readonly folder: PodFolder;
  readonly pod: () => Pod;
  readonly wake: () => void;
  /** A container begins anew. */
  readonly onBegin: (container: string) => void;
}

const imageRefusals: ReadonlySet<string> = new Set(["ErrImagePull", "ImagePullBackOff"]);
const configRetry = seconds(10);
const startPatience = seconds(5);

/** Lays containers out and starts their shims. */
export class Starter {
  readonly #options: StarterOptions;
  readonly #preparing = new Map<string, number>();
  readonly #refused = new Map<string, Waiting>();
  readonly #failures = new Map<string, number>();
  readonly #launched = new Map<string, Instant>();

  constructor(options: StarterOptions) {
    this.#options = options;
  }

  /** The attempt that is being laid out. */
  preparing(container: string): number | undefined {
    return this.#preparing.get(container);
  }

  get isPreparing(): boolean {
    return this.#preparing.size > 0;
  }

  waiting(container: string): Waiting | undefined {
    return this.#refused.get(container);
  }

  /** What was refused is tried again at once: something changed. Images change for other reasons. */
  forgive(includingImages: boolean): void {
    for (const [name, { reason }] of this.#refused) {
      if (includingImages || !imageRefusals.has(reason)) this.#refused.delete(name);
    }
  }

  /** In the background: an image may take minutes, and the Pod may be deleted meanwhile. */
  prepare({ container: name, attempt, backoffMillis }: PodAction & { do: "start" }, record: PodRecord): void {
    const { tools, folder, pod, wake, onBegin } = this.#options;
    const { events } = tools;
    const container = containerEntries(pod().spec).find((entry) => entry.container.name === name)?.container;
    if (container === undefined || this.#preparing.has(name)) return;
    this.#preparing.set(name, attempt);
    if (backoffMillis > 0) events.record(pod(), "Warning", "BackOff", `Back-off restarting failed container ${name}`);
    const done = prepareContainer({ folder, record, container, attempt, backoffMillis }, tools).then(
      (prepared) => {
        if (prepared.is === "waiting") return this.#refuse(name, prepared.reason, prepared.message);
        this.#refused.delete(name);
        this.#failures.delete(name);
        dropOldRuns(folder, name, attempt);
        if (prepared.is !== "ready") return;
        events.record(pod(), "Normal", "Pulled", `Container image "${container.image}" is present on machine`);
        events.record(pod(), "Normal", "Created", `Created container: ${name}`);
      },
      (thrown: unknown) => this.#refuse(name, "CreateContainerError", toFault(thrown).message),
    );
    void done.finally(() => {
      this.#preparing.delete(name);
      onBegin(name);
      wake();
    });
  }

  /** Safe to repeat: of several shims one runs. Again only where none has been heard of for a while. */
  launch(name: string, run: RunState & { readonly is: "starting" }, now: Instant, isWanted: boolean): void {
    const { tools, folder, pod, wake } = this.#options;
    const { containerId, logFile, attempt } = run.record;
    const launchedAt = this.#launched.get(containerId);
    if (run.shim !== undefined || (launchedAt !== undefined && between(launchedAt, now) < startPatience)) return;
    if (!isWanted && launchedAt === undefined) return;
    this.#launched.set(containerId, now);
    startRun(folder.run(name, attempt), tools.shimFile, join(tools.noticesFolder, containerId), wake);
    tools.logs.dropOlder(logFile, attempt);
    tools.events.record(pod(), "Normal", "Started", `Started container ${name}`);
  }

  forget(containerId: string): void {
    this.#launched.delete(containerId);
  }

  #refuse(name: string, reason: string, message: string): void {
    const { tools, pod } = this.#options;
    const failures = (this.#failures.get(name) ?? 0) + 1;
    this.#failures.set(name, failures);
    const isPull = reason === "ErrImagePull";
    const isBackOff = isPull && failures > 1;
    const image = containerEntries(pod().spec).find(({ container }) => container.name === name)?.container.image ?? "";
    this.#refused.set(name, {
      reason: isBackOff ? "ImagePullBackOff" : reason,
      message: isBackOff ? `Back-off pulling image "${image}": ErrImagePull: ${message}` : message,
      retryAt: after(tools.clock.now(), isPull ? pullBackoff(failures) : configRetry),
    });
    tools.events.record(pod(), "Warning", "Failed", `Error: ${reason}: ${message}`);
  }
}
