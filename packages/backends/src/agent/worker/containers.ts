import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { Container, PodSpec } from "@sluice/api";
import type { Instant } from "@sluice/kernel";
import { readJson } from "../files/atomic.ts";
import { judge } from "../pod/judge.ts";
import type { PodFolder } from "../pod/pod-folder.ts";
import type { ContainerView, Ended } from "../pod/view.ts";
import { attemptsOf, type RunState, readRun } from "../process/run-folder.ts";
import type { WorkerTools } from "./tools.ts";

export interface ContainerEntry {
  readonly container: Container;
  readonly kind: ContainerView["kind"];
}

/** In the order in which they start. */
export function containerEntries(spec: PodSpec): readonly ContainerEntry[] {
  return [
    ...(spec.initContainers ?? []).map((container) => ({
      container,
      kind: container.restartPolicy === "Always" ? ("sidecar" as const) : ("init" as const),
    })),
    ...spec.containers.map((container) => ({ container, kind: "main" as const })),
  ];
}

/** The newest attempt that was recorded; a folder without its record is the rest of an interrupted preparation. */
export const latestAttempt = (folder: PodFolder, container: string): number | undefined =>
  attemptsOf(folder.container(container)).findLast((attempt) =>
    existsSync(join(folder.run(container, attempt), "run.json")),
  );

export function latestRun(folder: PodFolder, container: string): RunState | undefined {
  const attempt = latestAttempt(folder, container);
  return attempt === undefined ? undefined : readRun(folder.run(container, attempt));
}

/** What became of the run before this one. */
export const previousEnd = (folder: PodFolder, container: string, attempt: number): Ended | undefined =>
  attempt === 0 ? undefined : readJson<Ended>(join(folder.run(container, attempt - 1), "verdict.json"));

export function judgeRun(
  folder: PodFolder,
  container: Container,
  run: RunState & { readonly is: "ended" },
  tools: WorkerTools,
  isPortTaken: () => boolean,
  now: Instant,
): Ended {
  const wasOutOfMemory = run.record.cgroups.length > 0 && tools.limiter.wasOutOfMemory(run.record.containerId);
  return judge({
    folder: folder.run(container.name, run.record.attempt),
    run,
    container,
    wasOutOfMemory,
    isPortTaken,
    now,
  });
}

/** Of the runs before the latest, the last one's record stays, and nobody's files. */
export function dropOldRuns(folder: PodFolder, container: string, attempt: number): void {
  for (const old of attemptsOf(folder.container(container))) {
    if (old >= attempt) continue;
    if (old < attempt - 1) {
      rmSync(folder.run(container, old), { recursive: true, force: true });
      continue;
    }
    for (const part of ["root", "tmp"])
      rmSync(join(folder.run(container, old), part), { recursive: true, force: true });
  }
}
