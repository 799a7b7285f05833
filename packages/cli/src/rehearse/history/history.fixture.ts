import { policiesOf } from "@sluice/rehearsal";
import { parseManifests } from "@sluice/sources";

export const hour = 3_600_000;
export const scrapeMs = 60_000;

/** A Rollout of the Service `web`, and nothing else. */
export async function webPolicy() {
  const text = `
apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata: { name: web, namespace: shop }
spec:
  selector: { matchLabels: { app: web } }
  template:
    metadata: { labels: { app: web } }
    spec: { containers: [{ name: web, image: "web:v2" }] }
  strategy: { canary: { steps: [{ setWeight: 10 }, { pause: { duration: 5m } }] } }
`;
  const [policy] = await policiesOf(parseManifests("web.yaml", text).resources.map(({ resource }) => resource));
  if (policy === undefined) throw new Error("no Rollout");
  return policy;
}

export interface Counter {
  readonly labels: Readonly<Record<string, string>>;
  /** What it counts within a minute, `minute` of the week from Monday. */
  readonly aMinute: (minute: number) => number;
}

const nights = (minute: number): number => (Math.floor(minute / 60) % 24 < 12 ? 0.5 : 1.5);
const edges = ["0.1", "0.25", "0.5", "+Inf"];
const upTo = [0.5, 0.95, 0.99, 1];

/** 20 requests a second, three times as many by day as by night, of which one in 200 fails; 95 % within 250 ms. */
export const countersOf = (
  { requests, buckets }: { readonly requests: string; readonly buckets: string },
  labels: Readonly<Record<string, string>>,
  codeLabel: string,
): readonly Counter[] => [
  { labels: { ...labels, __name__: requests, [codeLabel]: "200" }, aMinute: (minute) => 1194 * nights(minute) },
  { labels: { ...labels, __name__: requests, [codeLabel]: "503" }, aMinute: (minute) => 6 * nights(minute) },
  ...edges.map(
    (le, place): Counter => ({
      labels: { ...labels, __name__: buckets, le },
      aMinute: (minute) => 1200 * nights(minute) * (upTo[place] ?? 1),
    }),
  ),
];

/** Each sample from `from` on, one a minute. */
export function* samplesOf({ aMinute }: Counter, from: number, until: number): Iterable<readonly [number, number]> {
  let sum = 0;
  for (let at = from; at <= until; at += scrapeMs) {
    yield [at, sum];
    // 1970 began on a Thursday.
    sum += aMinute(Math.floor(at / 60_000 + 3 * 1440) % 10_080);
  }
}
