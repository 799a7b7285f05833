import { createInterface } from "node:readline";
import { createJudge, type Judge } from "@sluice/verdict";
import { checkStart, checkWindow, type StartLine, toRelease, toWindow, type WindowLine } from "./judge-lines.ts";

type Line = StartLine | WindowLine | { readonly type: "end"; readonly id: string };

interface Judged {
  readonly judge: Judge;
  /** Of its latencies. */
  readonly buckets: number;
  /** Seconds at which the last window ended. */
  since: number;
}

/** `sluice judge`: one JSON object a line in, one a line out; many releases at once, told apart by their id. */
export async function judge(): Promise<void> {
  const releases = new Map<string, Judged>();
  for await (const text of createInterface({ input: process.stdin })) {
    if (text.trim() === "") continue;
    process.stdout.write(`${JSON.stringify(answerTo(text, releases))}\n`);
  }
}

/** One line that can't be read says so in its place, never that all is well, and the other releases go on. */
function answerTo(text: string, releases: Map<string, Judged>): object {
  try {
    const line = JSON.parse(text) as Line | null;
    const absent = (needed[line?.type ?? ""] ?? []).find((field) => !Object.hasOwn(line ?? {}, field));
    if (absent !== undefined) return { error: `a ${line?.type} without ${absent}` };
    return answer(line, releases);
  } catch (thrown) {
    return { error: `can't be read: ${(thrown as Error).message}` };
  }
}

const needed: Readonly<Record<string, readonly string[]>> = {
  start: ["id", "plan", "bucketEdgesMs", "history"],
  window: ["id", "t", "dt", "weight", "canary"],
  end: ["id"],
};

function answer(line: Line | null, releases: Map<string, Judged>): object {
  switch (line?.type) {
    case "start": {
      const wrong = checkStart({ ...line });
      if (wrong !== undefined) return { error: wrong };
      const buckets = line.bucketEdgesMs.length + 1;
      releases.set(line.id, { judge: createJudge(toRelease(line)), buckets, since: 0 });
      return {};
    }
    case "window": {
      const release = releases.get(line.id);
      if (release === undefined) return { error: `no release ${line.id} was started` };
      const wrong = checkWindow({ ...line }, release);
      if (wrong !== undefined) return { error: wrong };
      release.since = line.t;
      const { action, because, nats, confidence } = release.judge.observe(toWindow(line));
      return { action, reason: because, score: Number.isFinite(nats) ? nats : -99, confidence };
    }
    case "end": {
      // What the next release of the service may begin with, if this one was good.
      const { starts } = releases.get(line.id)?.judge ?? {};
      releases.delete(line.id);
      return starts === undefined ? {} : { starts };
    }
    default: {
      const { type } = (line ?? {}) as { type?: unknown };
      return { error: `unknown type ${JSON.stringify(type)}: start, window or end` };
    }
  }
}
