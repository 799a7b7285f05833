import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { JudgementSpec } from "@sluice/api";
import type { JudgedWindows } from "@sluice/controllers";
import { instant } from "@sluice/kernel";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { asMetrics, began, counted, countedSpec, never } from "./counted.fixture.ts";
import { judgeWindows } from "./judge-windows.ts";
import { wholeLog } from "./whole-log.fixture.ts";
import { WindowLogs } from "./window-logs.ts";

/** A model that answers when the test does. */
class Model {
  readonly waiting: ServerResponse[] = [];
  asked = 0;
  /** What it answers at once; undefined: nothing yet. */
  probability: number | undefined;
  readonly #server: Server = createServer((request, response) => {
    request.resume();
    this.asked++;
    if (this.probability === undefined) this.waiting.push(response);
    else response.end(JSON.stringify({ probability: this.probability }));
    response.on("close", () => {
      const at = this.waiting.indexOf(response);
      if (at !== -1) this.waiting.splice(at, 1);
    });
  });

  async listen(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, "127.0.0.1", resolve));
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/predict`;
  }

  close(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }
}

let folder: string;
let model: Model;
let url: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "sluice-asked-"));
  model = new Model();
  url = await model.listen();
});
afterEach(async () => {
  model.close();
  await rm(folder, { recursive: true, force: true });
});

/** Longer than any test may take. */
const forLong = 30;

/** Judges a release, of whose requests so many fail, up to window after window. */
function judging(badShare: number, settings: Omit<NonNullable<JudgementSpec["model"]>, "url">) {
  const failed = (share: number) => (total: number) => Math.round(total * share);
  const store = asMetrics(
    counted([
      { hash: "stable", perSecond: 200, from: -1800, failed: failed(0.002) },
      { hash: "canary", perSecond: 50, from: 0, failed: failed(badShare) },
    ]),
  );
  const spec: JudgementSpec = {
    ...countedSpec,
    policy: "modelled",
    model: { url, ...settings },
  };
  const judge = judgeWindows({ store, logs: new WindowLogs(folder), now: () => instant(began + 300_000) });
  const replicas = { canary: { pods: 1, restarts: 0 }, stable: { pods: 4, restarts: 0 } };
  const work = {
    do: "judgeWindows",
    namespace: "shop",
    spec,
    known: 0,
    weight: 20,
    step: 0,
    stepSince: began,
    ...replicas,
  };
  return async (upTo: number, uid = "one") => (await judge({ ...work, uid, upTo }, never)) as JudgedWindows;
}

test("a rollback by the built-in judge doesn't wait for a model beside it", async () => {
  const judge = judging(0.05, { timeoutSeconds: forLong });

  const first = await judge(2);
  const { verdict, model: said } = await judge(24);

  expect(first.windows).toBe(2);
  expect(verdict.action).toBe("rollback");
  expect(said).toBeUndefined();
  // It is still asked what it was asked first.
  expect(model.asked).toBe(1);
  expect(model.waiting).toHaveLength(1);
});

test("what a slow model says beside the judge counts from the window on at which it is there, and is kept with that", async () => {
  const judge = judging(0.002, { timeoutSeconds: forLong });
  const before = await judge(1);

  await vi.waitFor(() => expect(model.waiting).toHaveLength(1));
  model.waiting[0]?.end('{"probability":0.95}');
  let windows = 1;
  const after = await vi.waitFor(async () => {
    windows++;
    const { model: said } = await judge(windows);
    expect(said?.prediction?.probability).toBe(0.95);
    return said;
  });
  // It holds while the next question is under way.
  const meanwhile = await judge(windows + 1);

  expect(before.model).toBeUndefined();
  expect(after?.prediction).toEqual({ probability: 0.95 });
  expect(meanwhile.model?.prediction).toEqual({ probability: 0.95 });
  const log = await wholeLog(new WindowLogs(folder), "one");
  expect(log?.windows.at(0)?.known?.prediction).toBeUndefined();
  expect(log?.windows.at(-1)?.known?.prediction).toEqual({ probability: 0.95 });
});

test("a model that answers at once counts at the window that it was asked about", async () => {
  model.probability = 0.3;
  const judge = judging(0.002, {});

  for (const upTo of [1, 2, 3]) expect((await judge(upTo)).model?.prediction?.probability).toBe(0.3);

  expect(model.asked).toBe(3);
});

test("a model that hangs in the judge's place delays one verdict, by its timeout, and none of another release", async () => {
  const judge = judging(0.002, { use: "instead", timeoutSeconds: 2 });

  const first = await judge(1);
  const second = await judge(2);
  const other = await judge(1, "two");

  expect(first.model).toEqual({ message: "no answer in time; the built-in verdict stands" });
  expect(second.model).toEqual(first.model);
  expect(second.windows).toBe(2);
  expect(other).toMatchObject({ windows: 1 });
  expect(other.model).toBeUndefined();
  // It goes on being asked for both, and neither has waited.
  await vi.waitFor(() => expect(model.waiting).toHaveLength(2));
  expect(model.asked).toBe(3);
});

test("a model in the judge's place that answers again is waited for again", async () => {
  const judge = judging(0.002, { use: "instead", timeoutSeconds: 1 });
  await judge(1);
  model.probability = 0.7;
  let windows = 1;
  await vi.waitFor(async () => {
    windows++;
    expect((await judge(windows)).model?.prediction?.probability).toBe(0.7);
  });
  model.probability = 0.2;
  // What was under way when it came back may have been answered before.
  await judge(windows + 1);

  expect((await judge(windows + 2)).model?.prediction?.probability).toBe(0.2);
});
