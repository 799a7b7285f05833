import type { JudgedWindows } from "@sluice/controllers";
import { seconds, VirtualClock } from "@sluice/kernel";
import { expect, test } from "vitest";
import { noFault } from "../model/fault.ts";
import { ModelledService } from "../model/service.ts";
import { startOf2026 } from "./control-plane/deployed.ts";
import { judgedModel, judgementSpec, serviceOptions } from "./judged-model.fixture.ts";

/** How many requests of the new version a first look sees; and how many were there when its window ended, and at the look. */
async function firstLook({ isReplay = true, windowSeconds = 5, late = 0 } = {}) {
  const looksAfter = windowSeconds + 1.5 + late;
  const clock = new VirtualClock(startOf2026);
  const service = new ModelledService(serviceOptions(noFault, 1));
  service.route({ stable: 0.5, canary: 0.5, baseline: 0 });
  const model = judgedModel({ service, clock, isEachWindow: true, isReplay });
  const spec = judgementSpec(clock, 50, windowSeconds);
  const work = { uid: "1", spec, step: 0, stepSince: clock.now() };
  model.begins(spec);
  let seen = 0;
  clock.after(seconds(looksAfter), () => {
    model.judge(work, (reply) => {
      if (reply.is === "done") seen = (reply.result as JudgedWindows).verdict.requests;
    });
  });
  await clock.advance(seconds(windowSeconds));
  service.advanceTo(clock.now());
  const atEnd = service.requestsOf("canary");
  await clock.advance(seconds(looksAfter - windowSeconds));
  return { seen, atEnd, served: service.requestsOf("canary") };
}

test.each([5, 10, 30])(
  "a replayed look sees its window of %i s to the end, and nothing of after",
  async (windowSeconds) => {
    const { seen, atEnd, served } = await firstLook({ windowSeconds });

    expect(served).toBeGreaterThan(atEnd);
    expect(seen).toBe(atEnd);
  },
);

test("a replayed look that comes late sees the last window that is over", async () => {
  const { seen, atEnd } = await firstLook({ late: 2.5 });

  expect(seen).toBe(atEnd);
});

test("a replayed look that comes windows later doesn't take the end of the first for that of the last", async () => {
  const { seen, atEnd, served } = await firstLook({ late: 5.5 });

  expect(seen).toBeGreaterThan(atEnd);
  expect(seen).toBe(served);
});

test("a modelled look sees all that was served until then", async () => {
  const { seen, served } = await firstLook({ isReplay: false });

  expect(seen).toBe(served);
});
