import { type FSWatcher, mkdirSync, realpathSync, rmSync, symlinkSync, watch } from "node:fs";
import { cpus, totalmem } from "node:os";
import { join } from "node:path";
import {
  type Client,
  type ConfigMap,
  keyOf,
  notEnforcedFields,
  type Pod,
  type Resource,
  type Secret,
  type Service,
} from "@sluice/api";
import { type Clock, Fault, type Millis, millis, seconds, shortHash, type Timer, toFault } from "@sluice/kernel";
import { ContainerUsage } from "./container-usage.ts";
import { EventRecorder } from "./events.ts";
import { writeWhole } from "./files/atomic.ts";
import { isBelowAny } from "./files/real-path.ts";
import { Followed } from "./follow.ts";
import type { ImageStore } from "./image-store.ts";
import { type Lock, takeLock } from "./lock.ts";
import { LogKeeper } from "./logs/keeper.ts";
import { listFolder } from "./logs/layout.ts";
import { hasManyLoopbackAddresses } from "./network/addresses.ts";
import { declaredPorts } from "./network/port-map.ts";
import { registerNode } from "./node-object.ts";
import { Places } from "./places.ts";
import type { Surroundings } from "./pod/environment.ts";
import { isSafeName, isSafeUid, PodFolder } from "./pod/pod-folder.ts";
import { createLimiter, removeOrphanedGroups } from "./process/cgroup.ts";
import { shimText } from "./process/shim.ts";
import type { EndpointState } from "./worker/endpoint.ts";
import { PodWorker } from "./worker/pod-worker.ts";
import { portsAnnotation } from "./worker/pod-writer.ts";
import type { AgentLog, RouterDoor, WorkerTools } from "./worker/tools.ts";

export interface AgentOptions {
  readonly client: Client;
  /** `.sluice/` or what `--data` names. */
  readonly stateFolder: string;
  readonly images: ImageStore;
  readonly clock: Clock;
  /** Default `local`. */
  readonly nodeName?: string;
  readonly router?: RouterDoor;
  readonly log?: AgentLog;
  /** A Pod that leaves is given this long to finish its requests before it is told. Default 10 s, within its grace. */
  readonly drainMillis?: Millis;
  /** hostPath volumes may name what lies below these; without any, none is honoured. */
  readonly hostPathFolders?: readonly string[];
  /** Fields of a Pod that are accepted without effect. Default: `api`'s `notEnforcedFields`. */
  readonly notEnforced?: (pod: Pod) => readonly string[];
  /** Where programs reach a Service's port. Default: its ClusterIP. */
  readonly serviceAddress?: Surroundings["serviceAddress"];
  readonly version?: string;
  /** How often what should live is looked after. */
  readonly pollMillis?: Millis;
}

export interface Agent {
  /** Resolves when what an earlier agent left running has been taken over. Fault `conflict`: another agent is at work. */
  start(): Promise<void>;
  /** All Pods of this node as they are now, and each change; returns how to stop listening. */
  onEndpointsChanged(listener: (states: readonly EndpointState[]) => void): () => void;
  endpoints(): readonly EndpointState[];
  /** What containers hold, in the exposition format; empty where the system doesn't tell. */
  metricsText(): string;
  /** Lets go; workloads run on. */
  stop(): Promise<void>;
  /** Stops every workload within its grace, at most `graceSecondsMax`; the Pods stay in the API. Then lets go. */
  shutdown(graceSecondsMax?: number): Promise<void>;
}

const podKind = { apiVersion: "v1", kind: "Pod" };

/** The node agent: a client of the API that binds Pods to this machine and runs them as process groups. */
export function createAgent(options: AgentOptions): Agent {
  return new NodeAgent(options);
}

class NodeAgent implements Agent {
  readonly #options: AgentOptions;
  readonly #nodeName: string;
  readonly #log: AgentLog;
  readonly #workers = new Map<string, PodWorker>();
  readonly #listeners = new Set<(states: readonly EndpointState[]) => void>();
  readonly #pods: Followed<Pod>;
  readonly #configMaps: Followed<ConfigMap>;
  readonly #secrets: Followed<Secret>;
  readonly #services: Followed<Service>;
  readonly #usage: ContainerUsage;
  #tools: WorkerTools | undefined;
  #lock: Lock | undefined;
  #notices: FSWatcher | undefined;
  #poll: Timer | undefined;
  #isStopped = false;
  #isLeaving = false;

  constructor(options: AgentOptions) {
    this.#options = options;
    this.#nodeName = options.nodeName ?? "local";
    this.#log = options.log ?? (() => {});
    const { client, clock } = options;
    this.#usage = new ContainerUsage(clock);
    const onFault = (thrown: unknown) =>
      this.#log("warn", "the API can't be followed; trying again", { fault: toFault(thrown).message });
    const surrounding = <R extends Resource>(kind: string) =>
      new Followed<R>({
        client,
        clock,
        kind: { apiVersion: "v1", kind },
        onChange: (resource) => this.#surroundingsChanged(resource),
        onSynced: () => this.#surroundingsSynced(),
      });
    this.#configMaps = surrounding<ConfigMap>("ConfigMap");
    this.#secrets = surrounding<Secret>("Secret");
    this.#services = surrounding<Service>("Service");
    this.#pods = new Followed<Pod>({
      client,
      clock,
      kind: podKind,
      onChange: (pod, isGone) => this.#podChanged(pod, isGone),
      onSynced: () => this.#podsSynced(),
      onFault,
    });
  }

  async start(): Promise<void> {
    const { stateFolder, client, clock } = this.#options;
    const own = join(stateFolder, "agent");
    for (const folder of [own, join(own, "exits"), join(own, "bin"), join(stateFolder, "pods")]) {
      mkdirSync(folder, { recursive: true, mode: 0o700 });
    }
    this.#lock = takeLock(join(own, "lock"));
    this.#tools = await this.#makeTools(own);
    this.#notices = watch(join(own, "exits"), () => this.#collectNotices());
    this.#notices.on("error", () => {}); // the poll finds it too
    this.#adoptWhatRuns();
    this.#tools.logs.start();
    this.#pollLater();
    for (const followed of [this.#pods, this.#configMaps, this.#secrets, this.#services]) followed.start();
    const { limiter } = this.#tools;
    void registerNode({
      client,
      clock,
      name: this.#nodeName,
      limiter,
      hasManyAddresses: this.#hasManyAddresses,
      version: this.#options.version ?? "0.1.0",
      log: this.#log,
      isStopped: () => this.#isStopped,
    });
  }
  #hasManyAddresses = false;

  onEndpointsChanged(listener: (states: readonly EndpointState[]) => void): () => void {
    this.#listeners.add(listener);
    listener(this.endpoints());
    return () => this.#listeners.delete(listener);
  }

  endpoints(): readonly EndpointState[] {
    return [...this.#workers.values()].flatMap(({ endpoint }) => (endpoint === undefined ? [] : [endpoint]));
  }

  metricsText(): string {
    return this.#usage.text(this.#workers.values());
  }

  async stop(): Promise<void> {
    if (this.#isStopped) return;
    this.#isStopped = true;
    for (const followed of [this.#pods, this.#configMaps, this.#secrets, this.#services]) followed.stop();
    this.#poll?.cancel();
    this.#notices?.close();
    this.#tools?.logs.stop();
    for (const worker of this.#workers.values()) worker.dispose();
    await Promise.all([...this.#workers.values()].map((worker) => worker.idle()));
    this.#tools?.limiter.close();
    this.#lock?.release();
  }

  async shutdown(graceSecondsMax = 30): Promise<void> {
    this.#isLeaving = true; // no Pod is taken on any more
    this.#pods.stop();
    await Promise.all([...this.#workers.values()].map((worker) => worker.shutdown(graceSecondsMax)));
    await this.stop();
  }

  async #makeTools(own: string): Promise<WorkerTools> {
    const { client, clock, images, stateFolder, router, notEnforced, drainMillis } = this.#options;
    this.#hasManyAddresses = await hasManyLoopbackAddresses();
    const shimFile = join(own, "shim.sh");
    writeWhole(shimFile, shimText, 0o700);
    const binFolder = join(own, "bin");
    rmSync(join(binFolder, "node"), { force: true });
    symlinkSync(process.execPath, join(binFolder, "node"));
    const group = `sluice-${shortHash(realpathSync(stateFolder))}`;
    const limiter = createLimiter(group);
    const logs = new LogKeeper(clock, (file, thrown) => {
      this.#log("warn", "a log can't be kept in bounds", { file, fault: toFault(thrown).message });
    });
    return {
      client,
      clock,
      images,
      events: new EventRecorder(client, clock),
      logs,
      limiter,
      log: this.#log,
      router,
      surroundings: this.#surroundings(),
      areSurroundingsKnown: () => [this.#configMaps, this.#secrets, this.#services].every(({ isSynced }) => isSynced),
      capacity: { cpus: cpus().length, memoryBytes: totalmem() },
      stateFolder,
      shimFile,
      noticesFolder: join(own, "exits"),
      binFolder,
      searchPath: cleanedPath(),
      nodeProgram: process.execPath,
      nodeName: this.#nodeName,
      hostIP: "127.0.0.1",
      drainMillis: drainMillis ?? seconds(10),
      isHostPathAllowed: (path) => isBelowAny(path, this.#options.hostPathFolders ?? []),
      notEnforced: notEnforced ?? (({ spec }) => notEnforcedFields(spec)),
      places: new Places(this.#hasManyAddresses),
    };
  }

  #surroundings(): Surroundings {
    const serviceAddress =
      this.#options.serviceAddress ??
      ((service: Service, port: number) => {
        const { clusterIP } = service.spec;
        return clusterIP === undefined || clusterIP === "" || clusterIP === "None"
          ? undefined
          : { host: clusterIP, port };
      });
    return {
      configMap: (namespace, name) => this.#configMaps.get(namespace, name),
      secret: (namespace, name) => this.#secrets.get(namespace, name),
      services: (namespace) => [...this.#services.all()].filter(({ metadata }) => metadata.namespace === namespace),
      serviceAddress,
    };
  }

  /** From disk alone: the control plane may be away, and what runs must be looked after all the same. */
  #adoptWhatRuns(): void {
    const { stateFolder } = this.#options;
    for (const uid of listFolder(join(stateFolder, "pods"))) {
      const record = isSafeUid(uid) ? new PodFolder(stateFolder, uid).read() : undefined;
      if (record === undefined) {
        // Nothing starts before the record is written, so nothing of it runs.
        rmSync(join(stateFolder, "pods", uid), { recursive: true, force: true });
        continue;
      }
      this.#adopt(record.pod);
    }
  }

  #adopt(pod: Pod): PodWorker | undefined {
    const { uid = "", name, namespace = "default" } = pod.metadata;
    if (this.#tools === undefined) return undefined;
    const containers = [...(pod.spec.initContainers ?? []), ...pod.spec.containers];
    const volumes = pod.spec.volumes ?? [];
    if (
      !isSafeUid(uid) ||
      ![name, namespace, ...[...containers, ...volumes].map((named) => named.name)].every(isSafeName)
    ) {
      this.#log("error", "a Pod with unsafe names is left alone", { pod: `${namespace}/${name}` });
      return undefined;
    }
    const worker = new PodWorker(
      this.#tools,
      pod,
      () => this.#tellListeners(),
      () => {
        this.#workers.delete(uid);
        this.#tellListeners();
      },
    );
    mkdirSync(worker.folder.path, { recursive: true, mode: 0o700 });
    this.#workers.set(uid, worker);
    worker.wake();
    return worker;
  }

  #podChanged(pod: Pod, isGone: boolean): void {
    if (this.#isStopped || this.#isLeaving) return;
    const { uid = "", deletionTimestamp } = pod.metadata;
    const worker = this.#workers.get(uid);
    if (isGone) {
      worker?.removedFromApi();
      return;
    }
    const { nodeName, schedulingGates } = pod.spec;
    if (nodeName === undefined || nodeName === "") {
      if (deletionTimestamp === undefined && (schedulingGates?.length ?? 0) === 0) void this.#bind(pod);
      return;
    }
    if (nodeName !== this.#nodeName) return;
    const isOver = pod.status?.phase === "Succeeded" || pod.status?.phase === "Failed";
    if (worker !== undefined) worker.update(pod);
    else if (!isOver || deletionTimestamp !== undefined) this.#adopt(pod);
  }

  /** Pods that went while nobody was here to see it are stopped now. */
  #podsSynced(): void {
    const known = new Set([...this.#pods.all()].map(({ metadata }) => metadata.uid));
    for (const [uid, worker] of this.#workers) if (!known.has(uid)) worker.removedFromApi();
    this.#cleanUp();
  }

  async #bind(pod: Pod): Promise<void> {
    try {
      // No port is open yet, and whoever routes must not guess otherwise.
      const annotations = declaredPorts(pod.spec).length > 0 ? { annotations: { [portsAnnotation]: "{}" } } : {};
      const value = { metadata: { uid: pod.metadata.uid, ...annotations }, spec: { nodeName: this.#nodeName } };
      const bound = await this.#options.client.patch<Pod>(
        keyOf(pod),
        { type: "merge", value },
        { fieldManager: "sluice-agent" },
      );
      this.#tools?.events.record(
        bound,
        "Normal",
        "Scheduled",
        `Successfully assigned ${pod.metadata.namespace}/${pod.metadata.name} to ${this.#nodeName}`,
      );
      this.#podChanged(bound, false);
    } catch (thrown) {
      const fault = toFault(thrown);
      if (fault instanceof Fault && fault.kind === "invalid") {
        this.#log("warn", "a Pod can't be bound", {
          pod: `${pod.metadata.namespace}/${pod.metadata.name}`,
          fault: fault.message,
        });
        return;
      }
      this.#options.clock.after(millis(500), () => {
        const latest = this.#pods.get(pod.metadata.namespace, pod.metadata.name);
        if (latest !== undefined) this.#podChanged(latest, false);
      });
    }
  }

  #surroundingsChanged({ kind, metadata }: Resource): void {
    if (this.#tools?.areSurroundingsKnown() !== true) return;
    for (const worker of this.#workers.values()) {
      if (worker.pod.metadata.namespace === metadata.namespace && kind !== "Service") worker.surroundingsChanged();
    }
  }

  #surroundingsSynced(): void {
    if (this.#tools?.areSurroundingsKnown() !== true) return;
    for (const worker of this.#workers.values()) worker.surroundingsChanged();
  }

  #tellListeners(): void {
    const states = this.endpoints();
    for (const listener of this.#listeners) listener(states);
  }

  #collectNotices(): void {
    const names = listFolder(join(this.#options.stateFolder, "agent", "exits"));
    if (names.length === 0) return;
    // Which Pod it was stands in no index: each looks at its own few files.
    for (const worker of this.#workers.values()) worker.ended(new Set(names));
  }

  #pollLater(): void {
    this.#poll = this.#options.clock.after(this.#options.pollMillis ?? millis(500), () => {
      for (const worker of this.#workers.values()) worker.poll();
      this.#pollLater();
    });
  }

  #cleanUp(): void {
    const { stateFolder } = this.#options;
    const known = [...this.#workers.values()].map(({ pod }) => pod.metadata);
    const folders = new Set(known.map(({ namespace, name, uid }) => `${namespace ?? "default"}_${name}_${uid}`));
    this.#tools?.logs.prune(join(stateFolder, "logs", "pods"), (folder) => folders.has(folder));
    const group = `sluice-${shortHash(realpathSync(stateFolder))}`;
    removeOrphanedGroups(group, () => false); // a group in use refuses to go
  }
}

/** Without what npm adds for its scripts: a workload is none. */
const cleanedPath = (): string =>
  (process.env.PATH ?? "/usr/local/bin:/usr/bin:/bin")
    .split(":")
    .filter((folder) => folder.startsWith("/") && !folder.includes("node_modules"))
    .join(":");
