import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import {
  closeSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { hours, instant, VirtualClock } from "@sluice/kernel";
import { type Labels, labelsOf, queryInstant } from "@sluice/metrics";
import { createMetricsStore, type MetricsStore } from "@sluice/metrics/node";
import type { Row } from "./row.ts";

const everySeconds = 5;
const scrapes = 120;
const start = 1_800_000_000_000;
const end = start + (scrapes - 1) * everySeconds * 1000;

const bounds = ["0.005", "0.01", "0.025", "0.05", "0.1", "0.25", "0.5", "1", "2.5", "5", "10", "+Inf"];

/** What the router exposes for so many services: counters by code, and a histogram, for each of two versions. */
function seriesOf(count: number): Labels[] {
  const all: Labels[] = [];
  for (let service = 0; all.length < count; service++) {
    for (const version of ["v1", "v2"]) {
      const shared = {
        job: "sluice-router",
        instance: "router",
        namespace: "shop",
        service: `service-${service}`,
        version,
      };
      for (const code of ["200", "304", "404", "500"])
        all.push(labelsOf({ __name__: "http_requests_total", method: "GET", code, ...shared }));
      for (const le of bounds) all.push(labelsOf({ __name__: "http_request_duration_seconds_bucket", le, ...shared }));
    }
  }
  return all.slice(0, count);
}

const valueAt = (series: number, scrape: number): number => scrape * ((series % 16) + 1) * 3 + ((series * scrape) % 5);

const canaryQueries = {
  "success rate":
    'sum(rate(http_requests_total{service="service-7",code=~"2.."}[5m])) / sum(rate(http_requests_total{service="service-7"}[5m]))',
  "p95 by version":
    'histogram_quantile(0.95, sum(rate(http_request_duration_seconds_bucket{service="service-7"}[5m])) by (le, version))',
  "all services": "sum by (service, version) (rate(http_requests_total[5m]))",
} as const;

/** The median of some runs, in milliseconds. */
async function median(runs: number, run: () => unknown): Promise<number> {
  const times: number[] = [];
  for (let index = 0; index < runs; index++) {
    const from = performance.now();
    await run();
    times.push(performance.now() - from);
  }
  return times.sort((one, other) => one - other)[Math.floor(runs / 2)] ?? 0;
}

async function fill(
  folder: string,
  all: readonly Labels[],
): Promise<{ store: MetricsStore; clock: VirtualClock; perSecond: number }> {
  const clock = new VirtualClock(instant(start));
  const store = await createMetricsStore({ folder, clock, blockEvery: hours(24), flushEvery: hours(24) });
  const series = all.map((labels) => store.seriesFor(labels));
  const from = performance.now();
  for (let scrape = 0; scrape < scrapes; scrape++) {
    for (const [index, each] of series.entries())
      if (each !== undefined) store.append(each, start + scrape * everySeconds * 1000, valueAt(index, scrape));
    store.flush();
  }
  const perSecond = (all.length * scrapes) / ((performance.now() - from) / 1000);
  await clock.advance(instant(end - start) as never);
  return { store, clock, perSecond };
}

/** The least that any store could do: sixteen bytes a sample, straight to a file. */
function rawWritesPerSecond(folder: string, series: number): number {
  const file = openSync(join(folder, "raw"), "w");
  const piece = Buffer.alloc(series * 16);
  const from = performance.now();
  for (let scrape = 0; scrape < scrapes; scrape++) {
    for (let index = 0; index < series; index++) {
      piece.writeDoubleLE(start + scrape * everySeconds * 1000, index * 16);
      piece.writeDoubleLE(valueAt(index, scrape), index * 16 + 8);
    }
    writeSync(file, piece);
  }
  const perSecond = (series * scrapes) / ((performance.now() - from) / 1000);
  closeSync(file);
  return perSecond;
}

function sizeOf(folder: string, isCounted: (name: string) => boolean): number {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => isCounted(name) && statSync(join(folder, name)).isFile())
    .reduce((sum, name) => sum + statSync(join(folder, name)).size, 0);
}

interface Peer {
  readonly bytes: number;
  ask(query: string): Promise<unknown>;
  close(): Promise<void>;
}

/** Debian's Prometheus over the same samples; undefined where it isn't installed. */
async function startPrometheus(folder: string, all: readonly Labels[]): Promise<Peer | undefined> {
  try {
    execFileSync("prometheus", ["--version"], { stdio: "ignore" });
  } catch {
    return undefined;
  }
  mkdirSync(folder);
  const lines: string[] = [];
  for (const name of ["http_request_duration_seconds_bucket", "http_requests_total"]) {
    lines.push(`# TYPE ${name.replace("_total", "")} ${name.endsWith("_total") ? "counter" : "unknown"}`);
    for (const [index, labels] of all.entries()) {
      if (labels[1] !== name) continue;
      const pairs = labels.flatMap((label, at) =>
        at % 2 === 0 && label !== "__name__" ? [`${label}="${labels[at + 1]}"`] : [],
      );
      for (let scrape = 0; scrape < scrapes; scrape++)
        lines.push(`${name}{${pairs}} ${valueAt(index, scrape)} ${start / 1000 + scrape * everySeconds}`);
    }
  }
  writeFileSync(join(folder, "samples"), `${lines.join("\n")}\n# EOF\n`);
  const data = join(folder, "data");
  execFileSync("promtool", ["tsdb", "create-blocks-from", "openmetrics", join(folder, "samples"), data], {
    stdio: "ignore",
  });
  const port = await freePort();
  writeFileSync(join(folder, "prometheus.yml"), "");
  const words = [
    `--config.file=${join(folder, "prometheus.yml")}`,
    `--storage.tsdb.path=${data}`,
    "--storage.tsdb.retention.time=100y",
    `--web.listen-address=127.0.0.1:${port}`,
  ];
  const child = spawn("prometheus", words, { stdio: ["ignore", "ignore", "pipe"] });
  for await (const text of child.stderr) if (String(text).includes("Server is ready")) break;
  child.stderr.resume();
  return {
    bytes: sizeOf(data, (name) => /chunks|index/.test(name)),
    async ask(query) {
      const parameters = new URLSearchParams({ query, time: String(end / 1000) });
      const answer = (await (await fetch(`http://127.0.0.1:${port}/api/v1/query?${parameters}`)).json()) as {
        data?: { result?: unknown[] };
      };
      if ((answer.data?.result?.length ?? 0) === 0) throw new Error(`Prometheus has no answer to ${query}`);
    },
    async close() {
      const gone = once(child, "exit");
      child.kill();
      await gone;
    },
  };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

async function measure(folder: string, count: number): Promise<Row[]> {
  const name = `${count / 1000}k series`;
  const all = seriesOf(count);
  const raw = rawWritesPerSecond(folder, count);
  const { store, perSecond } = await fill(join(folder, "store"), all);
  const peer = count <= 1000 ? await startPrometheus(join(folder, "peer"), all) : undefined;
  const rows: Row[] = [
    {
      name: `appends, ${name}`,
      value: perSecond,
      unit: "samples/s",
      peer: "16 raw bytes to a file",
      ratio: perSecond / raw,
    },
    { name: `memory, ${name}`, value: store.stats().memoryBytes / count, unit: "bytes of samples a series" },
  ];
  for (const [title, query] of Object.entries(canaryQueries)) {
    const ask = () => {
      const outcome = queryInstant(store, query, instant(end));
      if (outcome.is === "refused" || outcome.result.type !== "vector" || outcome.result.samples.length === 0)
        throw new Error(`no answer to ${query}`);
    };
    const ours = await median(title === "all services" ? 7 : 41, ask);
    const theirs = peer === undefined ? undefined : await median(41, () => peer.ask(query));
    const against = theirs === undefined ? {} : { peer: "Prometheus 2.42 over HTTP", ratio: ours / theirs };
    rows.push({ name: `query ${title}, ${name}`, value: ours, unit: "ms", ...against });
  }
  await store.cutBlock();
  const bytes = sizeOf(join(folder, "store"), (file) => file.startsWith("block")) / (count * scrapes);
  const theirs =
    peer === undefined ? {} : { peer: "Prometheus' block", ratio: bytes / (peer.bytes / (count * scrapes)) };
  rows.push({ name: `disk, ${name}`, value: bytes, unit: "bytes a sample", ...theirs });
  await store.close();
  await peer?.close();
  return rows;
}

export async function bench(): Promise<readonly Row[]> {
  const rows: Row[] = [];
  for (const count of [1000, 50_000]) {
    const folder = mkdtempSync(join(tmpdir(), "bench-metrics-"));
    try {
      rows.push(...(await measure(folder, count)));
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }
  return rows;
}
