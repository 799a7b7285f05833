import { rmSync } from "node:fs";
import { join } from "node:path";
import { type Container, hasReason, keyOf, type Pod } from "@sluice/api";
import {
  after,
  between,
  type Instant,
  type Millis,
  millis,
  sameJson,
  seconds,
  type Timer,
  toFault,
} from "@sluice/kernel";
import { readJson, writeJson } from "../files/atomic.ts";
import { portNumber } from "../network/port-map.ts";
import { pullBackoff } from "../pod/backoff.ts";
import { findProgram } from "../pod/command.ts";
import { type PodAction, planPod } from "../pod/plan.ts";
import { PodFolder, type PodRecord } from "../pod/pod-folder.ts";
import { isContainerReady, podStatus } from "../pod/status.ts";
import type { ContainerView, Leaving, PodView, RunView, Waiting } from "../pod/view.ts";
import { type CheckPlace, check } from "../probes/check.ts";
import { Prober, type ProbeState } from "../probes/prober.ts";
import { isAlive } from "../process/identity.ts";
import { type RunState, readRun, recordStop, runEnvironment, startRun } from "../process/run-folder.ts";
import { forestall, killGroup, killRun, signalMain, sweepLeftovers } from "../process/signals.ts";
import { containerEntries, dropOldRuns, judgeRun, latestRun, previousEnd } from "./containers.ts";
import { type EndpointState, endpointState, isSameEndpoint, nextLook, PortFinder, portsText } from "./endpoint.ts";
import { PodWriter } from "./pod-writer.ts";
import { layVolumes, prepareContainer } from "./prepare.ts";
import type { WorkerTools } from "./tools.ts";

type Running = RunState & { readonly is: "running" };

interface Refused extends Waiting {
  readonly failures: number;
}

const imageRefusals = new Set(["ErrImagePull", "ImagePullBackOff"]);
const configRetry = seconds(10);
const startPatience = seconds(5);
const startLook = millis(10);
const killPatience = seconds(2);

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

  #isTurning = false;
  #isDue = false;
  #isDisposed = false;
  #timer: Timer | undefined;
  #failures = 0;

  readonly #preparing = new Map<string, number>();
  readonly #refused = new Map<string, Refused>();
  readonly #launched = new Map<string, Instant>();
  readonly #probers = new Map<string, Prober>();
  readonly #hooks = new Map<string, "running" | "done">();
  readonly #stopping = new Set<string>();
  readonly #mourned = new Set<string>();
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
    this.#writer = new PodWriter(tools, pod, () => this.removedFromApi());
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
    this.#hasten(pod.metadata.deletionGracePeriodSeconds);
    this.#refused.clear();
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
    for (const [name, { reason }] of this.#refused) if (!imageRefusals.has(reason)) this.#refused.delete(name);
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
    this.#isDisposed = true;
    this.#timer?.cancel();
    this.#writer.stop();
    for (const prober of this.#probers.values()) prober.stop();
    this.#probers.clear();
  }

  async idle(): Promise<void> {
    await this.#writer.idle();
  }

  /** Looks whether what should live lives; a successor agent has no other way to learn of an end. */
  poll(): void {
    if (this.#isTurning) return;
    for (const [key, { main, shim }] of this.#live) {
      if (isAlive(main) || isAlive(shim)) continue;
      this.#live.delete(key);
      this.wake();
    }
    if (this.#lookAgainAt !== undefined && this.#tools.clock.now() >= this.#lookAgainAt) this.wake();
  }
  readonly #live = new Map<string, Running>();

  /** Shims have noted these ends. */
  ended(containerIds: ReadonlySet<string>): void {
    for (const containerId of this.#live.keys()) if (containerIds.has(containerId)) this.wake();
  }

  wake(): void {
    if (this.#isDisposed) return;
    this.#isDue = true;
    if (!this.#isTurning) void this.#turnWhileDue();
  }

  async #turnWhileDue(): Promise<void> {
    this.#isTurning = true;
    while (this.#isDue && !this.#isDisposed) {
      this.#isDue = false;
      try {
        await this.#turn();
        this.#failures = 0;
      } catch (thrown) {
        this.#failures++;
        this.#tools.log("error", "a Pod's turn failed", { pod: this.#label, fault: toFault(thrown).message });
        this.#wakeIn(millis(Math.min(seconds(30), 200 * 2 ** this.#failures)));
      }
    }
    this.#isTurning = false;
  }

  #wakeIn(wait: Millis): void {
    this.#timer?.cancel();
    this.#timer = this.#tools.clock.after(wait, () => this.wake());
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
    const plan = planPod(this.#view(now), now);
    for (const action of plan.actions) await this.#act(action);
    const view = this.#view(clock.now());
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
    const preparing = this.#preparing.get(name);
    if (preparing !== undefined) return { is: "starting", attempt: preparing, ...this.#previous(name, preparing) };
    const refused = this.#refused.get(name);
    const waiting = refused === undefined ? {} : { waiting: refused };
    if (run === undefined) return { is: "none", ...waiting };
    const { attempt, containerId, backoffMillis } = run.record;
    switch (run.is) {
      case "starting":
        this.#launch(name, attempt, run, now);
        return { is: "starting", attempt, ...this.#previous(name, attempt) };
      case "running": {
        this.#live.set(containerId, run);
        const { isStarted, isReady } = this.#tend(container, run);
        const isStopping = run.stop !== undefined;
        if (isStopping) this.#pursue(container, run, now);
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
        this.#prepare(action);
        return;
      case "stop":
        this.#stop(action.container, action.because, action.graceSeconds);
        return;
      case "remove":
        await this.#remove();
        return;
    }
  }

  /** In the background: an image may take minutes, and the Pod may be deleted meanwhile. */
  #prepare({ container: name, attempt, backoffMillis }: PodAction & { do: "start" }): void {
    const entry = containerEntries(this.#pod.spec).find(({ container }) => container.name === name);
    if (entry === undefined || this.#record === undefined || this.#preparing.has(name)) return;
    const { container } = entry;
    const { events } = this.#tools;
    this.#preparing.set(name, attempt);
    const input = { folder: this.folder, record: this.#record, container, attempt, backoffMillis };
    const done = prepareContainer(input, this.#tools).then(
      (prepared) => {
        if (prepared.is === "waiting") return this.#refuse(name, prepared.reason, prepared.message);
        this.#refused.delete(name);
        dropOldRuns(this.folder, name, attempt);
        if (prepared.is !== "ready") return;
        events.record(this.#pod, "Normal", "Pulled", `Container image "${container.image}" is present on machine`);
        events.record(this.#pod, "Normal", "Created", `Created container: ${name}`);
      },
      (thrown: unknown) => this.#refuse(name, "CreateContainerError", toFault(thrown).message),
    );
    void done.finally(() => {
      this.#preparing.delete(name);
      this.#ports?.forget(name);
      this.wake();
    });
    if (attempt > 0) events.record(this.#pod, "Warning", "BackOff", `Back-off restarting failed container ${name}`);
  }

  #refuse(name: string, reason: string, message: string): void {
    const now = this.#tools.clock.now();
    const failures = (this.#refused.get(name)?.failures ?? this.#pullFailures.get(name) ?? 0) + 1;
    this.#pullFailures.set(name, failures);
    const isPull = reason === "ErrImagePull";
    const image = this.#pod.spec.containers.find((container) => container.name === name)?.image ?? "";
    this.#refused.set(name, {
      reason: isPull && failures > 1 ? "ImagePullBackOff" : reason,
      message: isPull && failures > 1 ? `Back-off pulling image "${image}": ErrImagePull: ${message}` : message,
      failures,
      retryAt: after(now, isPull ? pullBackoff(failures) : configRetry),
    });
    this.#tools.events.record(this.#pod, "Warning", "Failed", `Error: ${reason}: ${message}`);
  }
  readonly #pullFailures = new Map<string, number>();

  /** Safe to repeat: of several shims one runs. Again only where none has been heard of for a while. */
  #launch(name: string, attempt: number, run: RunState & { is: "starting" }, now: Instant): void {
    const { containerId, logFile } = run.record;
    const launchedAt = this.#launched.get(containerId);
    if (run.shim !== undefined || (launchedAt !== undefined && between(launchedAt, now) < startPatience)) return;
    if (this.#leaving() !== undefined && launchedAt === undefined) return; // it needn't begin any more
    this.#launched.set(containerId, now);
    const notice = join(this.#tools.noticesFolder, containerId);
    startRun(this.folder.run(name, attempt), this.#tools.shimFile, notice, () => this.wake());
    this.#tools.logs.dropOlder(logFile, attempt);
    this.#tools.events.record(this.#pod, "Normal", "Started", `Started container ${name}`);
  }

  /** Probes and hooks of a run that lives; what it is known to be. */
  #tend(container: Container, run: Running): ProbeState {
    const { containerId, logFile } = run.record;
    this.#tools.logs.follow(logFile, run.shim.pid);
    let prober = this.#probers.get(containerId);
    if (prober === undefined) {
      prober = this.#newProber(container, run);
      this.#probers.set(containerId, prober);
      this.#runPostStart(container, run);
      if (run.stop === undefined) prober.start();
    }
    const { isStarted, isReady } = prober.state;
    const isHooked = this.#hooks.get(containerId) !== "running";
    return { isStarted: isStarted && isHooked, isReady: isReady && isHooked };
  }

  #newProber(container: Container, run: Running): Prober {
    const file = join(this.folder.run(container.name, run.record.attempt), "probes.json");
    const known = readJson<ProbeState>(file);
    const first = container.ports?.find(({ protocol = "TCP" }) => protocol === "TCP")?.containerPort;
    const { clock, events } = this.#tools;
    const prober: Prober = new Prober({
      container,
      clock,
      startedAt: run.startedAt,
      ...(known === undefined ? {} : { known }),
      check: (probe, timeout) => check(probe, this.#checkPlace(container, run), timeout),
      listens: () => first === undefined || this.#ports?.addressOf(container.name, first, run.shim.pid) !== undefined,
      onChange: () => {
        writeJson(file, prober.state);
        this.wake();
      },
      onFailure: (kind, message) => {
        const title = `${kind[0]?.toUpperCase()}${kind.slice(1)}`;
        events.record(this.#pod, "Warning", "Unhealthy", `${title} probe failed: ${message}`);
      },
      onDead: (kind) => {
        const probe = kind === "startup" ? container.startupProbe : container.livenessProbe;
        const grace = probe?.terminationGracePeriodSeconds ?? this.#pod.spec.terminationGracePeriodSeconds ?? 30;
        const message = `Container ${container.name} failed ${kind} probe, will be restarted`;
        events.record(this.#pod, "Normal", "Killing", message);
        this.#stop(container.name, `${kind} probe failed`, grace);
        this.wake();
      },
    });
    return prober;
  }

  #checkPlace(container: Container, run: Running): CheckPlace {
    const runFolder = this.folder.run(container.name, run.record.attempt);
    const root = this.folder.root(container.name, run.record.attempt);
    const environment = runEnvironment(runFolder) ?? {};
    const path = environment.PATH ?? "";
    const { workingFolder } = run.record;
    return {
      addressOf: (port) => {
        const number = portNumber(container, port);
        return number === undefined ? undefined : this.#ports?.addressOf(container.name, number, run.shim.pid);
      },
      environment,
      workingFolder,
      program: (word) => {
        const found = findProgram(word, { root, workingFolder, path, node: this.#tools.nodeProgram });
        return found.is === "found" ? found.file : word;
      },
    };
  }

  #runPostStart(container: Container, run: Running): void {
    const hook = container.lifecycle?.postStart;
    const marker = join(this.folder.run(container.name, run.record.attempt), "poststart.json");
    if (hook === undefined || readJson(marker) !== undefined) return;
    const { containerId } = run.record;
    writeJson(marker, { at: this.#tools.clock.now() });
    this.#hooks.set(containerId, "running");
    const work =
      hook.sleep !== undefined ? this.#sleep(seconds(hook.sleep.seconds)) : this.#checkHook(container, run, hook);
    void work.then((failure) => {
      this.#hooks.set(containerId, "done");
      if (failure !== undefined) {
        this.#tools.events.record(this.#pod, "Warning", "FailedPostStartHook", failure);
        this.#stop(container.name, "postStart hook failed", this.#pod.spec.terminationGracePeriodSeconds ?? 30);
      }
      this.wake();
    });
  }

  async #checkHook(
    container: Container,
    run: Running,
    hook: NonNullable<Container["lifecycle"]>["preStop"],
    limit = seconds(600),
  ) {
    const result = await check(hook ?? {}, this.#checkPlace(container, run), limit);
    return result.is === "passed" ? undefined : result.message;
  }

  #sleep(wait: Millis): Promise<undefined> {
    return new Promise((resolve) => this.#tools.clock.after(wait, () => resolve(undefined)));
  }

  /** Writes that it is to stop, and begins. Nothing happens where it is stopping already. */
  #stop(name: string, because: string, graceSeconds: number): void {
    const run = latestRun(this.folder, name);
    if (this.#preparing.has(name) || run === undefined || run.is === "ended") return;
    const runFolder = this.folder.run(name, run.record.attempt);
    if (run.is === "starting") {
      if (run.shim === undefined && !forestall(runFolder)) return; // a shim was faster: stopped on the next look
      if (run.shim === undefined) this.wake();
      return;
    }
    if (run.stop !== undefined) return;
    const now = this.#tools.clock.now();
    recordStop(runFolder, { because, at: now, killAt: after(now, seconds(graceSeconds)) });
    this.#probers.get(run.record.containerId)?.stop();
    this.#tools.events.record(this.#pod, "Normal", "Killing", `Stopping container ${name}`);
  }

  /** A later word asks for less patience. */
  #hasten(graceSeconds: number | undefined): void {
    if (graceSeconds === undefined) return;
    const killAt = after(this.#tools.clock.now(), seconds(graceSeconds));
    for (const { container } of containerEntries(this.#pod.spec)) {
      const run = latestRun(this.folder, container.name);
      if (run?.is !== "running" || run.stop === undefined || run.stop.killAt <= killAt) continue;
      recordStop(this.folder.run(container.name, run.record.attempt), { ...run.stop, killAt });
    }
  }

  /** Carries a recorded stop on: drain, preStop, SIGTERM, and SIGKILL when its time has come. */
  #pursue(container: Container, run: Running, now: Instant): void {
    const { stop } = run;
    if (stop === undefined) return;
    // A clock set back must not give it more than the whole grace.
    const isOver = now >= stop.killAt || now < stop.at;
    if (isOver) {
      killRun(run);
      if (now >= after(stop.killAt, killPatience)) killGroup(run.shim);
      return;
    }
    if (stop.signalledAt !== undefined || this.#stopping.has(run.record.containerId)) return;
    this.#stopping.add(run.record.containerId);
    void this.#askToStop(container, run).catch((thrown: unknown) => {
      this.#tools.log("warn", "a stop didn't go as planned", { pod: this.#label, fault: toFault(thrown).message });
      signalMain(run, "SIGTERM");
    });
  }

  async #askToStop(container: Container, run: Running): Promise<void> {
    const { clock, router, drainMillis, events } = this.#tools;
    const left = () => millis(Math.max(1, (run.stop?.killAt ?? clock.now()) - clock.now()));
    if (this.#leaving() !== undefined && router !== undefined && run.stop?.because !== "shutdown") {
      this.#publish(this.#view(clock.now())); // readiness goes first, so that no new request comes
      const patience = millis(Math.min(drainMillis, left()));
      await Promise.race([router.drain(this.uid, patience), this.#sleep(patience)]);
    }
    const hook = container.lifecycle?.preStop;
    if (hook !== undefined) {
      const limit = left();
      const work =
        hook.sleep !== undefined
          ? this.#sleep(millis(Math.min(seconds(hook.sleep.seconds), limit)))
          : this.#checkHook(container, run, hook, limit);
      const failure = await Promise.race([work, this.#sleep(limit)]);
      if (failure !== undefined) events.record(this.#pod, "Warning", "FailedPreStopHook", failure);
    }
    const runFolder = this.folder.run(container.name, run.record.attempt);
    const latest = readRun(runFolder);
    if (latest?.is === "running" && latest.stop !== undefined) {
      recordStop(runFolder, { ...latest.stop, signalledAt: clock.now() });
      signalMain(latest, stopSignal(container, runFolder));
    }
    this.wake();
  }

  /** Once for each end: probes, limits and strays of the run are cleared away. */
  #mourn(container: Container, run: RunState & { is: "ended" }): void {
    const { containerId, logFile } = run.record;
    if (this.#mourned.has(containerId)) return;
    this.#mourned.add(containerId);
    this.#probers.get(containerId)?.stop();
    this.#probers.delete(containerId);
    this.#hooks.delete(containerId);
    this.#stopping.delete(containerId);
    this.#tools.logs.forget(logFile);
    this.#ports?.forget(container.name);
    if (run.refused === undefined) sweepLeftovers(containerId);
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
      if (run.is === "starting" && !this.#preparing.has(container.name)) at.push(after(now, startLook));
      if (run.is !== "running" || !run.isStopping) continue;
      const stop = this.#live.get(run.containerId)?.stop;
      if (stop !== undefined) at.push(now < stop.killAt ? stop.killAt : after(now, millis(500)));
    }
    this.#timer?.cancel();
    if (at.length > 0 && !this.#isDisposed) this.#wakeIn(millis(Math.max(1, Math.min(...at) - now)));
  }

  async #remove(): Promise<void> {
    const leaving = this.#leaving();
    if (this.#preparing.size > 0 || leaving === undefined) return;
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

function stopSignal(container: Container, runFolder: string): NodeJS.Signals {
  const asked =
    container.lifecycle?.stopSignal ?? readJson<{ readonly signal: string }>(join(runFolder, "signal.json"))?.signal;
  const name = asked?.startsWith("SIG") ? asked : asked === undefined ? "SIGTERM" : `SIG${asked}`;
  return /^SIG(TERM|INT|QUIT|HUP|USR1|USR2|WINCH|KILL)$/.test(name) ? (name as NodeJS.Signals) : "SIGTERM";
}
