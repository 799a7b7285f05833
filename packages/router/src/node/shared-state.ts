import { randomUUID } from "node:crypto";
import type { Clock, Random } from "@sluice/kernel";
import type { RequestMetrics, VersionCounts } from "../request-metrics.ts";
import type { RingMetrics } from "../ring-metrics.ts";
import type { Routing } from "../routing.ts";
import type { RoutedBackend } from "./upstream.ts";

/** What the requests of one router share. */
export interface SharedState {
  routing: Routing<RoutedBackend>;
  readonly metrics: RequestMetrics;
  /** Of copies, apart from the requests themselves. */
  readonly mirrorMetrics: RequestMetrics;
  readonly ringMetrics: RingMetrics;
  /** Requests that no Service was found for. */
  readonly unmatched: VersionCounts;
  readonly clock: Clock;
  /** Monotonic milliseconds, with fractions. */
  readonly now: () => number;
  readonly random: Random;
  readonly stats: RouterStats;
  /** No new connection is taken, and each answer says that its connection ends. */
  isClosing: boolean;
  /** Called when a backend has answered, while someone waits for that. */
  onReleased: ((backend: RoutedBackend) => void) | undefined;
}

export interface RouterStats {
  connections: number;
  /** Requests not answered yet. */
  active: number;
  requests: number;
  /** Tries after the first, by the rules of HTTP or of a VirtualService. */
  retries: number;
  /** Of those, how many wait or run now. */
  activeRetries: number;
  /** Requests that another destination answered, because theirs had nothing ready. */
  failedOver: number;
  /** Clients that left before their answer was complete. */
  aborted: number;
  /** Connections that speak another protocol now, both ways. */
  upgraded: number;
  /** Copies under way. */
  activeMirrors: number;
  /** Copies given up, because too many were under way or their backend was too slow. */
  droppedMirrors: number;
}

export const noStats = (): RouterStats => ({
  connections: 0,
  active: 0,
  requests: 0,
  retries: 0,
  activeRetries: 0,
  failedOver: 0,
  aborted: 0,
  upgraded: 0,
  activeMirrors: 0,
  droppedMirrors: 0,
});

export const makeRequestId = (): string => randomUUID();
