import { copyFileSync, linkSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Fault, hours, isFault } from "@sluice/kernel";
import { type MatrixSeries, type QueryRange, queryRange } from "@sluice/metrics";
import { createMetricsStore, type PrometheusDoor, queryPrometheusRange } from "@sluice/metrics/node";
import { realClock, wallClock } from "../../control-plane/real-clock.ts";
import type { StateFolder } from "../../state/state-folder.ts";

/** Where weeks of metrics are read. */
export interface HistoryDoor {
  /** As people know it; without credentials. */
  readonly name: string;
  readonly isOwn: boolean;
  /** Faults: invalid where the query was refused, unavailable where nobody answers, forbidden where nobody is let in. */
  range(query: string, range: QueryRange): Promise<readonly MatrixSeries[]>;
  close(): Promise<void>;
}

export function prometheusHistory(door: PrometheusDoor): HistoryDoor {
  const host = URL.canParse(door.address) ? new URL(door.address).host : "";
  return {
    name: `Prometheus at ${host}`,
    isOwn: false,
    range: (query, range) =>
      queryPrometheusRange(door, query, range, AbortSignal.timeout(120_000), wallClock).catch((thrown: unknown) => {
        if (isFault(thrown) && thrown.message.endsWith("status 404"))
          throw new Fault("unavailable", `${thrown.message}: expected the address below which it serves /api/v1`);
        if (!isFault(thrown) || thrown.kind !== "forbidden") throw thrown;
        const ways = "--prometheus-token-file, --prometheus-user or --prometheus-header";
        throw new Fault("forbidden", `${thrown.message}: nobody is let in without ${ways}, or not with these`);
      }),
    close: async () => {},
  };
}

/**
 * Sluice's own, from a copy of what is on disk: weeks of samples of each second would hold up a control plane that is
 * asked for them, and a store writes as soon as it is open.
 */
export async function ownHistory(state: StateFolder): Promise<HistoryDoor> {
  const folder = copied(state.metrics);
  const store = await createMetricsStore({ folder, clock: realClock, retention: { time: hours(24 * 366) } });
  return {
    name: `Sluice's own metrics in ${state.path}`,
    isOwn: true,
    async range(query, range) {
      const outcome = queryRange(store, query, range);
      if (outcome.is === "refused") throw new Fault("invalid", outcome.refusal.message);
      return outcome.result.type === "matrix" ? outcome.result.series : [];
    },
    async close() {
      await store.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function copied(folder: string): string {
  const copy = mkdtempSync(join(tmpdir(), "sluice-metrics-"));
  // A journal goes as soon as its block is there: then the block is there to be copied.
  const files = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isFile());
  for (const { name } of files) if (!isBlock(name)) copyOne(join(folder, name), join(copy, name));
  for (const name of readdirSync(folder)) if (isBlock(name)) linked(join(folder, name), join(copy, name));
  return copy;
}

const isBlock = (name: string): boolean => name.startsWith("block") && !name.endsWith(".tmp");

function copyOne(from: string, to: string): void {
  try {
    copyFileSync(from, to);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== "ENOENT") throw cause;
  }
}

/** Blocks never change. */
function linked(from: string, to: string): void {
  try {
    linkSync(from, to);
  } catch {
    copyOne(from, to);
  }
}
