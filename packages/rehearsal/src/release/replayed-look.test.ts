import type { JudgementSpec, Rollout } from "@sluice/api";
import type { JudgedWindows } from "@sluice/controllers";
import { type Instant, instant, millis, seconds, seededRandom, VirtualClock } from "@sluice/kernel";
import { expect, test } from "vitest";
import { noFault } from "../model/fault.ts";
import { ModelledService } from "../model/service.ts";
import { defaultTraffic } from "../model/traffic.ts";
import { canary } from "../rehearsal.fixture.ts";
import { startOf2026 } from "./control-plane/deployed.ts";
import { JudgedModel } from "./judging.ts";

/** How many requests of the new version the first look sees, which comes 1.5 s after the end of its window, and were there then. */
async function firstLook(isReplay: boolean) {
  const clock = new VirtualClock(startOf2026);
  const service = new ModelledService({
    traffic: defaultTraffic,
    fault: noFault,
    endpoints: ["/"],
    edgesMs: [50, 100, 200],
    random: seededRandom(1),
    startsAt: startOf2026,
    startSecond: 43_200,
    scrapeSeconds: 300,
    drawsLatency: true,
  });
  service.route({ stable: 0.5, canary: 0.5, baseline: 0 });
  const model = new JudgedModel({
    service,
    history: [],
    edgesMs: [50, 100, 200],
    endpoints: ["/"],
    past: undefined,
    isEachWindow: true,
    isReplay,
    clock,
    rollout: () => canary() as Rollout,
  });
  const beganAt: Instant = clock.now();
  const spec = {
    canary: { name: "v2" },
    stable: { name: "v1" },
    plan: [{ weight: 50, seconds: 600 }],
    windowSeconds: 5,
    beganAt: new Date(beganAt).toISOString(),
  } as unknown as JudgementSpec;
  model.begins();
  let seen = 0;
  let served = 0;
  clock.after(millis(6500), () => {
    model.judge({ uid: "1", spec, step: 0, stepSince: beganAt }, (reply) => {
      if (reply.is === "done") seen = (reply.result as JudgedWindows).verdict.requests;
    });
  });
  await clock.advance(seconds(5));
  service.advanceTo(instant(beganAt + 5000));
  const atEnd = service.requestsOf("canary");
  await clock.advance(seconds(1.5));
  served = service.requestsOf("canary");
  return { seen, atEnd, served };
}

test("a replayed look sees its window to the end, and nothing of what came before somebody looked", async () => {
  const { seen, atEnd, served } = await firstLook(true);

  expect(served).toBeGreaterThan(atEnd);
  expect(seen).toBe(atEnd);
});

test("a modelled look sees all that was served until then", async () => {
  const { seen, served } = await firstLook(false);

  expect(seen).toBe(served);
});
