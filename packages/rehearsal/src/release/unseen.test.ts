import type { JudgedWindows } from "@sluice/controllers";
import { type Instant, instant, millis, minutes, seconds, seededRandom, VirtualClock } from "@sluice/kernel";
import { expect, test } from "vitest";
import { type Fault, noFault } from "../model/fault.ts";
import { ModelledService, type Version } from "../model/service.ts";
import { copyOf, historyOf, servedBetween } from "../model/windows.ts";
import type { Reply } from "./control-plane/ask.ts";
import { startOf2026 } from "./control-plane/deployed.ts";
import { judgedModel, judgementSpec, serviceOptions } from "./judged-model.fixture.ts";
import { natsAgainst } from "./unseen.ts";

/** Each look asks once for the memory of the canary. */
class CountedService extends ModelledService {
  looks = 0;

  override memory(version: Version): number {
    if (version === "canary") this.looks++;
    return super.memory(version);
  }
}

function served(fault: Fault, seed: number): CountedService {
  const service = new CountedService(serviceOptions(fault, seed));
  service.advanceTo(instant(startOf2026 + minutes(10)));
  service.route({ stable: 0.9, canary: 0.1, baseline: 0 });
  return service;
}

/** Ten minutes of a step that ends by a person's word. */
async function judged(fault: Fault, seed: number) {
  const service = served(fault, seed);
  const earlier = served(noFault, seed + 1);
  const clock = new VirtualClock(earlierEnd);
  const beganAt = clock.now();
  const history = historyOf(earlier, 24, millis(60_000), { startsAt: earlierEnd, random: seededRandom(seed) });
  const model = judgedModel({ service, clock, history, isEachWindow: false, isReplay: false });
  model.begins();
  const suspected: Instant[] = [];
  const work = { uid: "1", spec: judgementSpec(clock, 10), step: 0, stepSince: beganAt };
  const ask = async (): Promise<void> => {
    const reply = await new Promise<Reply>((tell) => model.judge(work, tell));
    if (reply.is === "refused") throw reply.cause;
    const { verdict } = reply.result as JudgedWindows;
    if (verdict.suspects) suspected.push(clock.now());
    if (verdict.action !== "rollback") clock.after(seconds(5), () => void ask());
  };
  clock.after(millis(6500), () => void ask());
  await clock.advance(minutes(10), async () => {
    for (let turn = 0; turn < 20; turn++) await undefined;
  });
  return { looks: service.looks, suspectedAfter: suspected.map((at) => (at - beganAt) / 1000) };
}

const earlierEnd = instant(startOf2026 + minutes(10));

test("where what was served since says nothing against the canary, a look is put off", async () => {
  const releases = await Promise.all([1, 2, 3, 4, 5, 6, 7, 8].map((seed) => judged(noFault, seed)));

  const looks = releases.reduce((sum, one) => sum + one.looks, 0) / releases.length;
  expect(looks).toBeLessThan(15);
});

test("a harm that begins late is looked at as soon as it shows", async () => {
  const failing: Fault = { name: "late", is: "version", errors: 0.05, onsetSeconds: 400 };

  const releases = await Promise.all([1, 2, 3, 4].map((seed) => judged(failing, seed)));

  for (const { suspectedAfter } of releases) {
    const first = suspectedAfter.find((second) => second > 400);
    // Until then a look comes each minute or two: the next one sees it.
    expect(first).toBeLessThan(490);
  }
});

test("two windows together speak against the canary by no more than both do", () => {
  for (let seed = 1; seed <= 50; seed++) {
    const service = served(noFault, seed);
    const marks = [0, 1, 2].map((index) => {
      service.advanceTo(instant(startOf2026 + minutes(10) + index * 20_000));
      return copyOf(service);
    });
    const nats = (from: number, until: number) => {
      const [before, now] = [marks[from], marks[until]];
      if (before === undefined || now === undefined) throw new Error("no such mark");
      return natsAgainst(servedBetween(before.canary, now.canary), servedBetween(before.stable, now.stable));
    };

    expect(nats(0, 2)).toBeLessThanOrEqual(nats(0, 1) + nats(1, 2) + 1e-9);
  }
});
