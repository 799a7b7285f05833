import { millis, ratio } from "@sluice/kernel";
import type { JudgedRelease, JudgedWindow, KnownStarts, Served, VersionServed } from "@sluice/verdict";

/** One version in one window, as the protocol writes it. */
interface ArmLine {
  readonly n: number;
  readonly err: number;
  readonly lat: readonly number[];
  readonly endpoints?: readonly { readonly n: number; readonly err: number; readonly lat: readonly number[] }[];
  readonly exposed?: number;
  readonly conv?: number;
  readonly memMax?: number;
  readonly restarts?: number;
  readonly pods?: number;
}

export interface StartLine {
  readonly type: "start";
  readonly id: string;
  readonly plan: readonly { readonly weight: number; readonly sec: number }[];
  readonly bucketEdgesMs: readonly number[];
  readonly history: readonly { readonly dt: number; readonly a: ArmLine; readonly b: ArmLine }[];
  /** What the `end` of the service's last good release was answered with. */
  readonly starts?: KnownStarts;
}

export interface WindowLine {
  readonly type: "window";
  readonly id: string;
  readonly t: number;
  readonly dt: number;
  readonly weight: number;
  readonly step?: number;
  readonly stepAge?: number;
  readonly canary: ArmLine;
  readonly stable?: ArmLine | null;
}

/** What is wrong with a line, as `PATH: found …, expected …`; undefined where nothing is. */
type Wrong = string | undefined;

const wrong = (path: string, found: unknown, expected: string): string =>
  `${path}: found ${JSON.stringify(found) ?? "nothing"}, expected ${expected}`;

const first = <Item>(items: readonly Item[], check: (item: Item, index: number) => Wrong): Wrong => {
  for (const [index, item] of items.entries()) {
    const found = check(item, index);
    if (found !== undefined) return found;
  }
  return undefined;
};

const isNumber = (value: unknown, least = 0, most = Number.MAX_SAFE_INTEGER): value is number =>
  typeof value === "number" && value >= least && value <= most;

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

export function checkStart({ plan, bucketEdgesMs, history, starts }: Readonly<Record<string, unknown>>): Wrong {
  if (!Array.isArray(plan) || plan.length === 0) return wrong("plan", plan, "a list of steps, {weight, sec}");
  if (!Array.isArray(bucketEdgesMs) || bucketEdgesMs.length === 0)
    return wrong("bucketEdgesMs", bucketEdgesMs, "a list of milliseconds");
  if (!Array.isArray(history)) return wrong("history", history, "a list of {dt, a, b}, which may be empty");
  return (
    first(plan, (step, index) => {
      const { weight, sec } = isObject(step) ? step : {};
      if (!isNumber(weight, 0, 1)) return wrong(`plan[${index}].weight`, weight, "a share, 0 to 1");
      return isNumber(sec) ? undefined : wrong(`plan[${index}].sec`, sec, "seconds");
    }) ??
    first(bucketEdgesMs, (edge, index) =>
      isNumber(edge) && (index === 0 || edge > bucketEdgesMs[index - 1])
        ? undefined
        : wrong(`bucketEdgesMs[${index}]`, edge, "more milliseconds than the edge before"),
    ) ??
    first(history, (window, index) => {
      const { dt, a, b } = isObject(window) ? window : {};
      if (!isNumber(dt) || dt === 0) return wrong(`history[${index}].dt`, dt, "seconds, more than 0");
      const buckets = bucketEdgesMs.length + 1;
      return checkArm(`history[${index}].a`, a, buckets) ?? checkArm(`history[${index}].b`, b, buckets);
    }) ??
    (starts === undefined ? undefined : checkStarts(starts))
  );
}

function checkStarts(starts: unknown): Wrong {
  const { releases, failing, slower } = isObject(starts) ? starts : {};
  if (!isNumber(releases)) return wrong("starts.releases", releases, "how many releases it was learned from");
  if (!isNumber(failing, 0, 1)) return wrong("starts.failing", failing, "a share, 0 to 1");
  if (!Array.isArray(slower)) return wrong("starts.slower", slower, "a list of shares, as `end` was answered with");
  return first(slower, (usual, index) =>
    isNumber(usual, 0, 1) ? undefined : wrong(`starts.slower[${index}]`, usual, "a share, 0 to 1"),
  );
}

/** `since`: seconds at which the window before ended. */
export function checkWindow(
  { t, dt, weight, step = 0, stepAge = 0, canary, stable }: Readonly<Record<string, unknown>>,
  { buckets, since }: { readonly buckets: number; readonly since: number },
): Wrong {
  if (!isNumber(t) || t <= since) return wrong("t", t, `seconds since the release began, more than ${since}`);
  if (!isNumber(dt) || dt === 0) return wrong("dt", dt, "seconds, more than 0");
  if (!isNumber(weight, 0, 1)) return wrong("weight", weight, "a share, 0 to 1");
  if (!isNumber(step)) return wrong("step", step, "the index of a step");
  if (!isNumber(stepAge)) return wrong("stepAge", stepAge, "seconds");
  return (
    checkArm("canary", canary, buckets) ??
    (stable === null || stable === undefined ? undefined : checkArm("stable", stable, buckets))
  );
}

function checkArm(path: string, arm: unknown, buckets: number): Wrong {
  const counted = checkServed(path, arm, buckets);
  if (counted !== undefined || !isObject(arm)) return counted;
  const { endpoints = [] } = arm;
  if (!Array.isArray(endpoints)) return wrong(`${path}.endpoints`, endpoints, "a list of {n, err, lat}");
  return (
    first(["exposed", "conv", "memMax", "restarts", "pods"], (field) =>
      arm[field] === undefined || isNumber(arm[field])
        ? undefined
        : wrong(`${path}.${field}`, arm[field], "a number, not negative"),
    ) ?? first(endpoints, (endpoint, index) => checkServed(`${path}.endpoints[${index}]`, endpoint, buckets))
  );
}

function checkServed(path: string, served: unknown, buckets: number): Wrong {
  if (!isObject(served)) return wrong(path, served, "what a version served: {n, err, lat}");
  const { n, err, lat } = served;
  if (!isNumber(n)) return wrong(`${path}.n`, n, "how many requests");
  if (!isNumber(err, 0, n)) return wrong(`${path}.err`, err, `how many of the ${n} requests failed`);
  if (!Array.isArray(lat) || lat.length !== buckets)
    return wrong(`${path}.lat`, lat, `${buckets} counts, one below each edge and one above the last`);
  return first(lat, (count, bucket) =>
    isNumber(count) ? undefined : wrong(`${path}.lat[${bucket}]`, count, "how many requests took that long"),
  );
}

export function toRelease(line: Omit<StartLine, "type" | "id">): JudgedRelease {
  return {
    plan: line.plan.map(({ weight, sec }) => ({ weight: ratio(weight), lasts: millis(sec * 1000) })),
    bucketEdgesMs: line.bucketEdgesMs,
    history: line.history.map(({ dt, a, b }) => ({
      lasts: millis(dt * 1000),
      first: toVersion(a),
      second: toVersion(b),
    })),
    ...(line.starts === undefined ? {} : { starts: line.starts }),
  };
}

export function toWindow({ step = 0, stepAge = 0, stable, ...line }: Omit<WindowLine, "type" | "id">): JudgedWindow {
  return {
    ends: millis(line.t * 1000),
    lasts: millis(line.dt * 1000),
    weight: ratio(line.weight),
    step,
    stepAge: millis(stepAge * 1000),
    canary: toVersion(line.canary),
    ...(stable === null || stable === undefined ? {} : { stable: toVersion(stable) }),
  };
}

const toServed = (arm: { readonly n: number; readonly err: number; readonly lat: readonly number[] }): Served => ({
  requests: arm.n,
  failures: arm.err,
  latencyCounts: arm.lat,
});

const toVersion = (arm: ArmLine): VersionServed => ({
  ...toServed(arm),
  endpoints: (arm.endpoints ?? []).map(toServed),
  exposures: arm.exposed ?? 0,
  conversions: arm.conv ?? 0,
  ...(arm.memMax === undefined ? {} : { memoryMax: arm.memMax }),
  restarts: arm.restarts ?? 0,
  pods: arm.pods ?? 1,
});
