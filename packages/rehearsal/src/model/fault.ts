/** What is wrong with the new version, or with the platform under it. All amounts are added to an ordinary day. */
export interface Fault {
  readonly name: string;
  readonly is: "version" | "platform";
  /** 0..1 of requests, added. */
  readonly errors?: number;
  /** A factor on latency. */
  readonly slower?: number;
  /** Only the endpoint at this place; what is asked for in queries comes first. */
  readonly endpoint?: number;
  /** Only this share of users: a tenant, a region. */
  readonly share?: number;
  /** Memory of a pod, in its own size an hour. */
  readonly leakAnHour?: number;
  readonly pods?: "crashing" | "stuck";
  /** Seconds after the new version's first request. */
  readonly onsetSeconds?: number;
  /** Only at or above this share of traffic. */
  readonly fromWeight?: number;
  /** 0..1 of conversions that don't happen. */
  readonly lostConversions?: number;
  /** Both versions alike, as a dependency that is down: taking the new version back would help nobody. */
  readonly isShared?: boolean;
  readonly platform?: "controlPlaneKilled" | "metricsMissing" | "slowPods" | "nodeLost" | "clockSteps";
}

const points = (count: number): Fault => ({ name: `error +${count}pp`, is: "version", errors: count / 100 });
const slower = (factor: number): Fault => ({ name: `p95 x${factor}`, is: "version", slower: factor });

export const faults: readonly Fault[] = [
  points(0.2),
  points(0.5),
  points(1),
  points(5),
  points(50),
  slower(1.1),
  slower(1.3),
  slower(1.5),
  slower(3),
  { name: "one endpoint", is: "version", errors: 0.3, endpoint: 0 },
  { name: "one tenant", is: "version", errors: 0.5, share: 0.05 },
  { name: "slow leak", is: "version", leakAnHour: 1 },
  { name: "crash loop", is: "version", pods: "crashing" },
  { name: "never ready", is: "version", pods: "stuck" },
  { name: "late onset", is: "version", errors: 0.05, onsetSeconds: 480 },
  { name: "only under load", is: "version", errors: 0.05, fromWeight: 0.5 },
  { name: "lost conversions", is: "version", lostConversions: 0.3 },
  { name: "dependency down", is: "version", errors: 0.2, isShared: true, onsetSeconds: 120 },
  { name: "controller killed", is: "platform", platform: "controlPlaneKilled" },
  { name: "metrics missing", is: "platform", platform: "metricsMissing" },
  { name: "slow pods", is: "platform", platform: "slowPods" },
  { name: "node lost", is: "platform", platform: "nodeLost" },
  { name: "clock steps", is: "platform", platform: "clockSteps" },
];

export const noFault: Fault = { name: "good release", is: "version" };

/** Whether taking the new version back would have spared users anything. */
export const isHarmful = (fault: Fault): boolean =>
  fault.is === "version" && fault.isShared !== true && fault !== noFault;

/** Sizes between those of the catalogue, to find the smallest that a step can see. */
export const ladder: readonly Fault[] = [0.2, 0.5, 1, 2, 3, 5, 10, 20, 50].map(points);
