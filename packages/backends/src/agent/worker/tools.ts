import type { Client, Pod } from "@sluice/api";
import type { Clock, Millis } from "@sluice/kernel";
import type { EventRecorder } from "../events.ts";
import type { ImageStore } from "../image-store.ts";
import type { LogKeeper } from "../logs/keeper.ts";
import type { MappedPort } from "../network/port-map.ts";
import type { Capacity } from "../pod/downward.ts";
import type { Surroundings } from "../pod/environment.ts";
import type { Limiter } from "../process/cgroup.ts";

/** Takes a Pod off the traffic. Resolves when its requests are done, or the time is up; `isEnd`: all end, none replaces it. */
export interface RouterDoor {
  drain(podUid: string, timeout: Millis, isEnd: boolean): Promise<void>;
}

export type AgentLog = (
  level: "info" | "warn" | "error",
  message: string,
  fields?: Readonly<Record<string, unknown>>,
) => void;

/** What every Pod's worker shares. */
export interface WorkerTools {
  readonly client: Client;
  readonly clock: Clock;
  readonly images: ImageStore;
  readonly events: EventRecorder;
  readonly logs: LogKeeper;
  readonly limiter: Limiter;
  readonly log: AgentLog;
  readonly router: RouterDoor | undefined;
  readonly surroundings: Surroundings;
  /** False until ConfigMaps, Secrets and Services were listed once: until then absence means nothing. */
  readonly areSurroundingsKnown: () => boolean;
  readonly capacity: Capacity;
  readonly stateFolder: string;
  readonly shimFile: string;
  readonly noticesFolder: string;
  readonly binFolder: string;
  /** PATH of the agent, cleaned. */
  readonly searchPath: string;
  readonly nodeProgram: string;
  readonly nodeName: string;
  readonly hostIP: string;
  readonly drainMillis: Millis;
  readonly isHostPathAllowed: (path: string) => boolean;
  readonly notEnforced: (pod: Pod) => readonly string[];
  /** Keeps what it gives until `release`. */
  readonly places: {
    claim(pod: Pod): Promise<{ readonly podIP: string; readonly ports: readonly MappedPort[] }>;
    hold(uid: string, podIP: string, ports: readonly MappedPort[]): void;
    release(uid: string): void;
  };
}
