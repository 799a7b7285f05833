import { createInterface } from "node:readline";
import { millis, ratio } from "@sluice/kernel";
import {
  createJudge,
  type Judge,
  type JudgedRelease,
  type JudgedWindow,
  type Served,
  type VersionServed,
} from "@sluice/verdict";

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

interface StartLine {
  readonly type: "start";
  readonly id: string;
  readonly plan: readonly { readonly weight: number; readonly sec: number }[];
  readonly bucketEdgesMs: readonly number[];
  readonly history: readonly { readonly dt: number; readonly a: ArmLine; readonly b: ArmLine }[];
}

interface WindowLine {
  readonly type: "window";
  readonly id: string;
  readonly t: number;
  readonly dt: number;
  readonly weight: number;
  readonly step: number;
  readonly stepAge: number;
  readonly canary: ArmLine;
  readonly stable: ArmLine | null;
}

type Line = StartLine | WindowLine | { readonly type: "end"; readonly id: string };

/** `sluice judge`: one JSON object a line in, one a line out; many releases at once, told apart by their id. */
export async function judge(): Promise<void> {
  const judges = new Map<string, Judge>();
  for await (const text of createInterface({ input: process.stdin })) {
    if (text.trim() === "") continue;
    process.stdout.write(`${JSON.stringify(answerTo(text, judges))}\n`);
  }
}

/** One line that can't be read says so in its place, and the other releases go on. */
function answerTo(text: string, judges: Map<string, Judge>): object {
  try {
    const line = JSON.parse(text) as Line;
    const absent = (needed[line?.type] ?? []).find((field) => !Object.hasOwn(line, field));
    return absent === undefined ? answer(line, judges) : { error: `a ${line.type} without ${absent}` };
  } catch (thrown) {
    return { error: `can't be read: ${(thrown as Error).message}` };
  }
}

const needed: Readonly<Record<string, readonly string[]>> = {
  start: ["id", "plan", "bucketEdgesMs", "history"],
  window: ["id", "t", "dt", "weight", "canary"],
  end: ["id"],
};

function answer(line: Line, judges: Map<string, Judge>): object {
  switch (line.type) {
    case "start":
      judges.set(line.id, createJudge(toRelease(line)));
      return {};
    case "window": {
      const judge = judges.get(line.id);
      if (judge === undefined) return { action: "continue", reason: `no release ${line.id} was started` };
      const { action, because, nats, confidence } = judge.observe(toWindow(line));
      return { action, reason: because, score: Number.isFinite(nats) ? nats : -99, confidence };
    }
    case "end":
      judges.delete(line.id);
      return {};
    default:
      return { error: `unknown type ${JSON.stringify((line as { type?: unknown }).type)}: start, window or end` };
  }
}

function toRelease(line: Omit<StartLine, "type" | "id">): JudgedRelease {
  return {
    plan: line.plan.map(({ weight, sec }) => ({ weight: ratio(weight), lasts: millis(sec * 1000) })),
    bucketEdgesMs: line.bucketEdgesMs,
    history: line.history.map(({ dt, a, b }) => ({
      lasts: millis(dt * 1000),
      first: toVersion(a),
      second: toVersion(b),
    })),
  };
}

function toWindow(line: Omit<WindowLine, "type" | "id">): JudgedWindow {
  return {
    ends: millis(line.t * 1000),
    lasts: millis(line.dt * 1000),
    weight: ratio(Math.min(1, Math.max(0, line.weight))),
    step: line.step,
    stepAge: millis(line.stepAge * 1000),
    canary: toVersion(line.canary),
    ...(line.stable === null ? {} : { stable: toVersion(line.stable) }),
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
