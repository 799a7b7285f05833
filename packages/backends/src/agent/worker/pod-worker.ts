import { rmSync } from "node:fs";
import { join } from "node:path";
import { type Container, hasReason, keyOf, type Pod } from "@sluice/api";
import { after, type Instant, millis, sameJson, seconds, toFault } from "@sluice/kernel";
import { type PodAction, planPod } from "../pod/plan.ts";
import { PodFolder, type PodRecord } from "../pod/pod-folder.ts";
import { isContainerReady, podStatus } from "../pod/status.ts";
import type { ContainerView, Leaving, PodView, RunView } from "../pod/view.ts";
import { isAlive } from "../process/identity.ts";
import type { RunState } from "../process/run-folder.ts";
import { sweepLeftovers } from "../process/signals.ts";
import { containerEntries, judgeRun, latestRun, previousEnd } from "./containers.ts";
import { type EndpointState, endpointState, isSameEndpoint, nextLook, PortFinder, portsText } from "./endpoint.ts";
import { PodWriter } from "./pod-writer.ts";
import { layVolumes } from "./prepare.ts";
import { Starter } from "./starter.ts";
import { Stopper } from "./stopper.ts";
import { type Running, Tender } from "./tender.ts";
import type { WorkerTools } from "./tools.ts";
import { Turns } from "./turns.ts";

const startLook = millis(10);

/** Keeps one Pod as it should be: looks, plans, acts, tells. One turn at a time. */
export class PodWorker {
  readonly folder: PodFolder;
  readonly #tools: WorkerTools;
  readonly #onEndpoint: (state: EndpointState) => void;
  readonly #onGone: () => void;
  readonly #writer: PodWriter;
  #pod: Pod;
  #record: PodRecord | undefined;
  #ports: PortFinder | undefined;
  #endpoint: EndpointState | undefined;
  #isRemovedFromApi = false;
  #shutdownGrace: number | undefined;
  readonly #settled: { readonly promise: Promise<void>; readonly resolve: () => void };

  readonly #turns: Turns;
  readonly #starter: Starter;
  readonly #tender: Tender;
  readonly #stopper: Stopper;
  readonly #mourned = new Set<string>();
  /** What ended containers left outside their groups is killed. */
  #swept: Promise<unknown> = Promise.resolve();
  readonly #live = new Map<string, Running>();
  #lookAgainAt: Instant | undefined;
  #isRemoving = false;

  constructor(tools: WorkerTools, pod: Pod, onEndpoint: (state: EndpointState) => void, onGone: () => void) {
    this.#tools = tools;
    this.#pod = pod;
    this.#onEndpoint = onEndpoint;
    this.#onGone = onGone;
    this.folder = new PodFolder(tools.stateFolder, pod.metadata.uid ?? "");
    let resolve = () => {};
    const promise = new Promise<void>((done) => {
      resolve = done;
    });
    this.#settled = { promise, resolve };
    this.#turns = new Turns({
      clock: tools.clock,
      turn: () => this.#turn(),
      onFailure: (thrown) =>
        tools.log("error", "a Pod's turn failed", { pod: this.#label, fault: toFault(thrown).message }),
    });
    this.#writer = new PodWriter(tools, pod, () => this.removedFromApi());
    const common = { tools, folder: this.folder, pod: () => this.#pod };
    this.#tender = new Tender({
      ...common,
      ports: () => this.#ports,
      onChange: () => this.wake(),
      onDead: (name, because, graceSeconds) => this.#stopper.begin(name, because, graceSeconds),
    });
    this.#starter = new Starter({ ...common, wake: () => this.wake(), onBegin: (name) => this.#ports?.forget(name) });
    this.#stopper = new Stopper({
      ...common,
      tender: this.#tender,
      leavesTraffic: () => this.#leaving()?.because === "deleted",
      announce: () => this.#publish(this.#view(tools.clock.now())),
      wake: () => this.wake(),
    });
    const record = this.folder.read();
    if (record !== undefined) this.#adopt(record);
  }

  get uid(): string {
    return this.#pod.metadata.uid ?? "";
  }

  get endpoint(): EndpointState | undefined {
    return this.#endpoint;
  }

  get pod(): Pod {
    return this.#pod;
  }

  /** Leaders of the process groups of its containers that run now. */
  groups(): readonly { readonly container: string; readonly leader: number }[] {
    return containerEntries(this.#pod.spec).flatMap(({ container: { name } }) => {
      const run = latestRun(this.folder, name);
      return run?.is === "running" ? [{ container: name, leader: run.shim.pid }] : [];
    });
  }

  /** The API's newest word about the Pod. */
  update(pod: Pod): void {
    const before = this.#pod;
    this.#pod = pod;
    const isSpecSame = sameJson(before.spec, pod.spec) && sameJson(before.metadata.labels, pod.metadata.labels);
    const isLeavingSame = before.metadata.deletionTimestamp === pod.metadata.deletionTimestamp;
    if (
      isSpecSame &&
      isLeavingSame &&
      before.metadata.deletionGracePeriodSeconds === pod.metadata.deletionGracePeriodSeconds
    ) {
      return; // our own status, come back
    }
    if (this.#record !== undefined) this.#remember({ ...this.#record, pod });
    const grace = pod.metadata.deletionGracePeriodSeconds;
    if (grace !== undefined) this.#stopper.hasten(grace);
    this.#starter.forgive(true);
    this.wake();
  }

  /** Nobody wants it any more, and nobody needs to be told. */
  removedFromApi(): void {
    if (this.#isRemovedFromApi) return;
    this.#isRemovedFromApi = true;
    this.wake();
  }

  /** A ConfigMap, Secret or Service of its namespace changed, or all are known now. */
  surroundingsChanged(): void {
    this.#starter.forgive(false);
    if (this.#record !== undefined && (this.#pod.spec.volumes?.length ?? 0) > 0)
      layVolumes(this.folder, this.#record, this.#tools);
    this.wake();
  }

  /** Stops the processes, leaves the Pod. Resolves when nothing runs. */
  async shutdown(graceSecondsMax: number): Promise<void> {
    this.#shutdownGrace = graceSecondsMax;
    this.wake();
    await this.#settled.promise;
    await this.#writer.idle();
    this.dispose();
  }

  /** Lets go of the Pod; what runs goes on. */
  dispose(): void {
    this.#turns.dispose();
    this.#writer.stop();
    this.#tender.dispose();
  }

  async idle(): Promise<void> {
    await this.#writer.idle();
  }

  /** Looks whether what should live lives; a successor agent has no other way to learn of an end. */
  poll(): void {
    if (this.#turns.isTurning) return;
    for (const [key, { main, shim }] of this.#live) {
      if (isAlive(main) || isAlive(shim)) continue;
      this.#live.delete(key);
      this.wake();
    }
    if (this.#lookAgainAt !== undefined && this.#tools.clock.now() >= this.#lookAgainAt) this.wake();
  }

  /** Shims have noted these ends. */
  ended(containerIds: ReadonlySet<string>): void {
    for (const containerId of this.#live.keys()) if (containerIds.has(containerId)) this.wake();
  }

  wake(): void {
    this.#turns.wake();
  }

  get #label(): string {
    return `${this.#pod.metadata.namespace}/${this.#pod.metadata.name}`;
  }

  async #turn(): Promise<void> {
    const { clock } = this.#tools;
    if (this.#record === undefined) {
      if (this.#leaving() !== undefined) return this.#remove();
      const place = await this.#tools.places.claim(this.#pod);
      this.#adopt({ pod: this.#pod, ...place, startedAt: clock.now() });
      this.#remember(this.#record as unknown as PodRecord);
    }
    const now = clock.now();
    const planned = this.#view(now);
    const plan = planPod(planned, now);
    for (const action of plan.actions) await this.#act(action);
    if (this.#turns.isDisposed) return;
    const view = this.#view(clock.now());
    // What ended since the plan was made is in no plan yet, and nothing that lives is left to tell of it.
    if (view.containers.some(({ run }, index) => run.is === "ended" && planned.containers[index]?.run.is !== "ended")) {
      this.wake();
    }
    this.#publish(view);
    this.#scheduleNext(view, plan.wakeAt);
  }

  #adopt(record: PodRecord): void {
    this.#record = record;
    this.#ports = new PortFinder(record.ports, record.podIP);
    this.#tools.places.hold(this.uid, record.podIP, record.ports);
  }

  #remember(record: PodRecord): void {
    this.#record = record;
    this.folder.write(record);
  }

  #leaving(): Leaving | undefined {
    const { metadata, spec } = this.#pod;
    const own = spec.terminationGracePeriodSeconds ?? 30;
    if (this.#isRemovedFromApi || metadata.deletionTimestamp !== undefined) {
      return { because: "deleted", graceSeconds: metadata.deletionGracePeriodSeconds ?? own };
    }
    if (this.#shutdownGrace !== undefined) {
      return { because: "shutdown", graceSeconds: Math.min(own, this.#shutdownGrace) };
    }
    return undefined;
  }

  #view(now: Instant): PodView {
    const { spec } = this.#pod;
    this.#live.clear();
    const containers = containerEntries(spec).map(({ container, kind }): ContainerView => {
      const run = latestRun(this.folder, container.name);
      return {
        container,
        kind,
        image: container.image ?? "",
        imageId: run?.record.imageId ?? "",
        run: this.#runView(container, run, now),
      };
    });
    const leaving = this.#leaving();
    const deadline = spec.activeDeadlineSeconds;
    const startedAt = this.#record?.startedAt ?? now;
    return {
      restartPolicy: spec.restartPolicy ?? "Always",
      containers,
      ...(leaving === undefined ? {} : { leaving }),
      ...(deadline === undefined ? {} : { deadlineAt: after(startedAt, seconds(deadline)) }),
    };
  }

  #runView(container: Container, run: RunState | undefined, now: Instant): RunView {
    const { name } = container;
    const preparing = this.#starter.preparing(name);
    if (preparing !== undefined) return { is: "starting", attempt: preparing, ...this.#previous(name, preparing) };
    const refused = this.#starter.waiting(name);
    const waiting = refused === undefined ? {} : { waiting: refused };
    if (run === undefined) return { is: "none", ...waiting };
    const { attempt, containerId, backoffMillis } = run.record;
    switch (run.is) {
      case "starting":
        this.#starter.launch(name, run, now, this.#leaving() === undefined);
        return { is: "starting", attempt, ...this.#previous(name, attempt) };
      case "running": {
        this.#live.set(containerId, run);
        this.#tools.logs.follow(run.record.logFile, run.shim.pid);
        const { isStarted, isReady } = this.#tender.tend(container, run);
        const isStopping = run.stop !== undefined;
        if (isStopping) this.#stopper.pursue(container, run, now);
        const { startedAt } = run;
        return {
          is: "running",
          attempt,
          containerId,
          startedAt,
          isStarted,
          isReady,
          isStopping,
          ...this.#previous(name, attempt),
        };
      }
      case "ended": {
        const isPortTaken = () => this.#ports?.isTaken(container.ports ?? []) ?? false;
        const ended = judgeRun(this.folder, container, run, this.#tools, isPortTaken, now);
        this.#mourn(container, run);
        return { is: "ended", attempt, ended, backoffMillis, ...waiting };
      }
    }
  }

  #previous(container: string, attempt: number) {
    const previous = previousEnd(this.folder, container, attempt);
    return previous === undefined ? {} : { previous };
  }

  async #act(action: PodAction): Promise<void> {
    switch (action.do) {
      case "start":
        if (this.#record !== undefined) this.#starter.prepare(action, this.#record);
        return;
      case "stop":
        if (this.#starter.preparing(action.container) === undefined) {
          this.#stopper.begin(action.container, action.because, action.graceSeconds);
        }
        return;
      case "remove":
        return this.#remove();
    }
  }

  /** Once for each end: probes, limits and strays of the run are cleared away. */
  #mourn(container: Container, run: RunState & { is: "ended" }): void {
    const { containerId, logFile } = run.record;
    if (this.#mourned.has(containerId)) return;
    this.#mourned.add(containerId);
    this.#tender.forget(containerId);
    this.#stopper.forget(containerId);
    this.#starter.forget(containerId);
    this.#tools.logs.forget(logFile);
    this.#ports?.forget(container.name);
    if (run.refused === undefined) this.#swept = Promise.all([this.#swept, sweepLeftovers(containerId)]);
    this.#tools.limiter.remove(containerId);
    rmSync(join(this.#tools.noticesFolder, containerId), { force: true });
  }

  #publish(view: PodView): void {
    if (this.#record === undefined || this.#ports === undefined) return;
    const { clock } = this.#tools;
    const now = clock.now();
    const { podIP, startedAt } = this.#record;
    for (const { container, run } of view.containers) {
      const live = run.is === "running" ? this.#live.get(run.containerId) : undefined;
      if (live !== undefined && (container.ports?.length ?? 0) > 0) this.#ports.look(container.name, live.shim.pid);
    }
    const ports = this.#ports.known();
    const mains = view.containers.filter(({ kind }) => kind !== "init");
    const isReady = mains.every(isContainerReady);
    this.#lookAgainAt = isReady && !this.#ports.isComplete ? after(now, millis(nextLook(startedAt, now))) : undefined;
    const endpoint = endpointState(this.#pod, isReady, view.leaving !== undefined, ports);
    if (!isSameEndpoint(this.#endpoint, endpoint)) {
      this.#endpoint = endpoint;
      this.#onEndpoint(endpoint);
    }
    const notEnforced = this.#tools.notEnforced(this.#pod);
    const status = podStatus({ pod: this.#pod, view, podIP, hostIP: this.#tools.hostIP, startedAt, notEnforced }, now);
    if (!this.#isRemovedFromApi) this.#writer.put(this.#pod, status, portsText(ports, podIP));
  }

  #scheduleNext(view: PodView, plannedAt: Instant | undefined): void {
    const now = this.#tools.clock.now();
    const at: Instant[] = plannedAt === undefined ? [] : [plannedAt];
    for (const { container, run } of view.containers) {
      if (run.is === "starting" && this.#starter.preparing(container.name) === undefined)
        at.push(after(now, startLook));
      if (run.is !== "running" || !run.isStopping) continue;
      const live = this.#live.get(run.containerId);
      if (live !== undefined) at.push(this.#stopper.nextAt(live, now));
    }
    this.#turns.wakeIn(at.length === 0 ? undefined : millis(Math.max(1, Math.min(...at) - now)));
  }

  async #remove(): Promise<void> {
    const leaving = this.#leaving();
    if (this.#starter.isPreparing || leaving === undefined) return;
    // Whoever is told that the Pod is gone finds nothing of it left.
    await this.#swept;
    if (leaving.because === "shutdown") {
      this.#settled.resolve();
      return;
    }
    if (this.#isRemoving) return;
    this.#isRemoving = true;
    try {
      if (this.#record !== undefined) this.#publish(this.#view(this.#tools.clock.now()));
      await this.#writer.idle();
      if (!this.#isRemovedFromApi) await this.#deleteFromApi();
    } finally {
      this.#isRemoving = false;
    }
    this.#settled.resolve();
    this.dispose();
    this.#tools.places.release(this.uid);
    rmSync(this.folder.path, { recursive: true, force: true });
    this.#onGone();
  }

  async #deleteFromApi(): Promise<void> {
    const { client } = this.#tools;
    try {
      await client.delete(keyOf(this.#pod), { preconditions: { uid: this.uid }, gracePeriodSeconds: 0 });
    } catch (thrown) {
      // A Conflict is another Pod of the same name: ours is gone.
      if (!hasReason(thrown, "NotFound") && !hasReason(thrown, "Conflict")) throw thrown;
    }
  }
}
