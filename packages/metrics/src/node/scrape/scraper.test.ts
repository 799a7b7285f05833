import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Clock, instant, millis, seconds, VirtualClock } from "@sluice/kernel";
import { afterEach, expect, test } from "vitest";
import { queryInstant } from "../../evaluate/query.ts";
import { describeLabels } from "../../labels.ts";
import { createMetricsStore, type MetricsStore } from "../store/metrics-store.ts";
import { createScraper, type Scraper } from "./scraper.ts";
import { podTarget, type Target } from "./target.ts";

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

class World {
  /** As far into a second as scrapes are. */
  readonly clock = new VirtualClock(instant(1_800_000_000_500));
  /** What the wall shows: it can be set back while timers go on, as real ones do. */
  readonly wall: Clock = {
    now: () => instant(this.clock.now() - this.#setBack),
    after: (wait, task) => this.clock.after(wait, task),
  };
  #setBack = 0;
  targets: Target[] = [];
  store!: MetricsStore;
  scraper!: Scraper;
  readonly #folder = mkdtempSync(join(tmpdir(), "scrape-"));

  async start(): Promise<this> {
    this.store = await createMetricsStore({ folder: this.#folder, clock: this.wall });
    this.scraper = createScraper({ store: this.store, clock: this.wall, targets: () => this.targets });
    const { store, scraper } = this;
    cleanups.push(() => rmSync(this.#folder, { recursive: true, force: true }));
    cleanups.push(() => store.close());
    cleanups.push(() => scraper.close());
    return this;
  }

  /** As a kill would end it: nothing is said to anyone. */
  async restart(): Promise<void> {
    this.store.flush();
    await this.scraper.close();
    await this.start();
  }

  setClockBack(by: number): void {
    this.#setBack += by;
  }

  async pass(count: number): Promise<void> {
    for (let second = 0; second < count; second++) await this.clock.advance(seconds(1), () => this.scraper.idle());
  }

  ask(query: string): string[] {
    const outcome = queryInstant(this.store, query, this.wall.now());
    if (outcome.is === "refused" || outcome.result.type !== "vector") throw new Error(JSON.stringify(outcome));
    return outcome.result.samples.map(({ labels, value }) => `${describeLabels(labels)} ${value}`).sort();
  }
}

const inProcess = (read: () => string, more: Partial<Target> = {}): Target => ({
  job: "sluice-router",
  instance: "router",
  every: seconds(1),
  source: { is: "text", read },
  ...more,
});

async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  cleanups.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/metrics`;
}

test("a counter that is born with its first request doesn't lose it", async () => {
  const world = await new World().start();
  let body = "# TYPE c_total counter\n# TYPE g gauge\n";
  world.targets = [inProcess(() => body)];
  await world.pass(3);
  body += 'c_total{code="500"} 1\ng 7\n';

  await world.pass(10);

  expect(world.ask("round(increase(c_total[1m]))")).toEqual(['{code="500", instance="router", job="sluice-router"} 1']);
  expect(world.ask("min_over_time(g[1m])")).toEqual(['{instance="router", job="sluice-router"} 7']);
});

test("scrapes stand on one grid, half a second away from where releases take their steps", async () => {
  const world = await new World().start();
  world.targets = [inProcess(() => "a 1\n"), inProcess(() => "a 1\n", { instance: "other", every: seconds(5) })];
  await world.clock.advance(millis(1230));
  await world.restart();

  await world.pass(12);

  const taken = world.ask('timestamp(a{instance="router"})').concat(world.ask('timestamp(a{instance="other"})'));
  expect(taken.map((sample) => sample.replace(/^.*\.(?=\d+$)/, ""))).toEqual(["5", "5"]);
});

test("what a target had counted before it was first seen isn't taken for a gain", async () => {
  const world = await new World().start();
  world.targets = [inProcess(() => "# TYPE c_total counter\nc_total 1000\n")];

  await world.pass(10);

  expect(world.ask("increase(c_total[1m])")).toEqual(['{instance="router", job="sluice-router"} 0']);
});

test("a process that began a moment ago has counted from zero", async () => {
  const world = await new World().start();
  const startedAt = world.clock.now();
  await world.pass(4);
  world.targets = [inProcess(() => "# TYPE c_total counter\nc_total 12\n", { startedAt })];

  await world.pass(5);

  expect(world.ask("round(increase(c_total[1m]))")).toEqual(['{instance="router", job="sluice-router"} 12']);
});

test("a counter made before the last scrape isn't born now", async () => {
  const world = await new World().start();
  let body = "# EOF\n";
  const url = await serve((_, response) =>
    response.setHeader("content-type", "application/openmetrics-text; version=1.0.0").end(body),
  );
  world.targets = [inProcess(() => "", { source: { is: "url", url } })];
  await world.pass(5);
  const earlier = world.clock.now() / 1000 - 1000;
  const later = world.clock.now() / 1000 + 0.5;
  body = `# TYPE a counter\na_total 5\na_created ${earlier}\n# TYPE b counter\nb_total{x="y"} 5\nb_created{x="y"} ${later}\n# EOF\n`;

  await world.pass(5);

  expect(world.ask("round(increase(a_total[1m]))")).toEqual(['{instance="router", job="sluice-router"} 0']);
  expect(world.ask("round(increase(b_total[1m]))")).toEqual(['{instance="router", job="sluice-router", x="y"} 5']);
});

test("after a start the store knows that the target was alive, and a new counter loses nothing", async () => {
  const world = await new World().start();
  let body = "# TYPE c_total counter\n";
  world.targets = [inProcess(() => body)];
  await world.pass(5);

  body += "c_total 3\n";
  await world.clock.advance(millis(500));
  await world.restart();
  await world.pass(5);

  expect(world.ask("round(increase(c_total[1m]))")).toEqual(['{instance="router", job="sluice-router"} 3']);
});

test("series end when they vanish, when the target fails, and when it goes", async () => {
  const world = await new World().start();
  let body = "a 1\nb 1\n";
  let isBroken = false;
  const url = await serve((_, response) => {
    if (isBroken) response.writeHead(500).end("no");
    else response.end(body);
  });
  world.targets = [inProcess(() => "", { source: { is: "url", url } })];
  await world.pass(3);

  body = "b 1\n";
  await world.pass(2);
  const vanished = world.ask('{__name__=~"a|b|up"}').map((line) => line.replace(/\{.*\}/, ""));
  isBroken = true;
  await world.pass(2);
  const failed = world.ask('{__name__=~"a|b|up"}').map((line) => line.replace(/\{.*\}/, ""));
  const reports = world.scraper.reports();
  world.targets = [];
  await world.pass(2);

  expect(vanished).toEqual(["b 1", "up 1"]);
  expect(failed).toEqual(["up 0"]);
  expect(reports).toMatchObject([{ isUp: false, problem: "server returned HTTP status 500" }]);
  expect(world.ask('{__name__=~".+"}')).toEqual([]);
});

test("a Pod's own series never count as the router's", async () => {
  const world = await new World().start();
  const url = await serve((request, response) =>
    response.end(request.url === "/m" ? 'http_requests_total{service="shop",pod="liar",code="200"} 4\n' : ""),
  );
  const port = Number(new URL(url).port);
  const pod = podTarget({
    namespace: "production",
    name: "shop-1",
    host: "127.0.0.1",
    annotations: { "prometheus.io/scrape": "true", "prometheus.io/path": "/m", "prometheus.io/port": "8080" },
    labels: { "rollouts-pod-template-hash": "abc" },
    ports: [{ containerPort: 8080, mappedPort: port }],
  });
  if (pod.is !== "target") throw new Error(pod.is);
  world.targets = [pod.target];

  await world.pass(6);

  expect(world.ask('http_requests_total{service="shop"}')).toEqual([]);
  expect(world.ask("http_requests_total")).toEqual([
    'http_requests_total{code="200", exported_pod="liar", exported_service="shop", instance="127.0.0.1:8080", ' +
      'job="pods", namespace="production", pod="shop-1", pod_template_hash="abc"} 4',
  ]);
});

test.each([
  [{}, { is: "not-asked" }],
  [
    { "prometheus.io/scrape": "true", "prometheus.io/port": "http" },
    { is: "refused", found: '"http"' },
  ],
  [
    { "prometheus.io/scrape": "true", "prometheus.io/scheme": "ftp" },
    { is: "refused", expected: '"http" or "https"' },
  ],
  [{ "prometheus.io/scrape": "true" }, { is: "refused", path: "metadata.annotations[prometheus.io/port]" }],
])("annotations %j", (annotations, expected) => {
  const outcome = podTarget({ namespace: "n", name: "p", host: "::1", annotations, labels: {}, ports: [] });

  expect(outcome).toMatchObject(expected);
});

test("what a hostile target sends is bounded and refused whole", async () => {
  const world = await new World().start();
  const answers = ["good 1\nbad{ 1\n", "good 1\n1bad 2\n", "<html>", `x ${"9".repeat(11 * 1024 * 1024)}`];
  const urls = await Promise.all(answers.map((answer) => serve((_, response) => response.end(answer))));
  world.targets = urls.map((url, index) => inProcess(() => "", { instance: `${index}`, source: { is: "url", url } }));

  await world.pass(2);

  expect(world.ask("sum(up) + count(up)")).toEqual(["{} 4"]);
  expect(world.ask("good")).toEqual([]);
  expect(world.scraper.reports().map(({ problem }) => problem)).toEqual([
    "line 2: labels without their closing }",
    '"1bad" is no name of a metric',
    "line 1: a series without a value",
    "the answer is larger than 10 MiB",
  ]);
});

test("a target that hangs is given up and holds up no other", async () => {
  const world = await new World().start();
  const hanging = inProcess(() => "", { instance: "hangs", source: { is: "text", read: () => new Promise(() => {}) } });
  world.targets = [hanging, inProcess(() => "a 1\n")];

  for (let second = 0; second < 4; second++) await world.clock.advance(millis(1000));

  expect(world.ask("up")).toEqual([
    'up{instance="hangs", job="sluice-router"} 0',
    'up{instance="router", job="sluice-router"} 1',
  ]);
});

test.each(["while it runs", "while it is down"])(
  "a clock that is set back %s doesn't stop the recording",
  async (when) => {
    const world = await new World().start();
    world.targets = [inProcess(() => "a 1\n")];
    await world.pass(5);

    world.setClockBack(3_600_000);
    if (when === "while it is down") await world.restart();
    await world.pass(5);

    expect(world.ask("count_over_time(a[5s])")).toEqual(['{instance="router", job="sluice-router"} 5']);
  },
);
