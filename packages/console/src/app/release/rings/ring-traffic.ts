/** What those whom one ring names got lately. */
export interface RingTraffic {
  /** Of all requests of the route, 0 to 1. */
  readonly requests: number;
  /** Of those the ones that the new version answered; undefined where there were none. */
  readonly toCanary: number | undefined;
}

interface Answer {
  readonly data?: {
    readonly result?: readonly {
      readonly metric: Readonly<Record<string, string>>;
      readonly value: readonly [number, string];
    }[];
  };
}

/** Under this name stand all whom no ring names: strangers that are dealt by a ring's share aren't of that ring. */
export const others = "";

/** By ring, over the last `seconds`. Throws an Error that says what is wrong. */
export async function readRingTraffic(
  namespace: string,
  rollout: string,
  seconds: number,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, RingTraffic>> {
  const labels = `namespace="${namespace}",rollout="${rollout}"`;
  const query = `sum by (ring, by, destination) (increase(http_ring_requests_total{${labels}}[${seconds}s]))`;
  const response = await fetch("/prometheus/api/v1/query", {
    method: "POST",
    signal,
    body: new URLSearchParams({ query }),
  });
  if (!response.ok) throw new Error(`the metrics answered ${response.status}`);
  return ringTrafficOf((await response.json()) as Answer);
}

export function ringTrafficOf({ data }: Answer): ReadonlyMap<string, RingTraffic> {
  const counts = new Map<string, { all: number; canary: number }>();
  let total = 0;
  for (const { metric, value } of data?.result ?? []) {
    const count = Number(value[1]);
    const name = metric.by === "who" ? (metric.ring ?? others) : others;
    const ring = counts.get(name) ?? { all: 0, canary: 0 };
    counts.set(name, ring);
    ring.all += count;
    if (metric.destination === "canary") ring.canary += count;
    total += count;
  }
  return new Map(
    [...counts].map(([ring, { all, canary }]) => [
      ring,
      { requests: total === 0 ? 0 : all / total, toCanary: all === 0 ? undefined : canary / all },
    ]),
  );
}
