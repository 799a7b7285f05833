import { instant, millis, ratio, seededRandom } from "@sluice/kernel";
import { expect, test } from "vitest";
import { freshNats, rollbackNats } from "./learned/bar.ts";
import { Story, serve } from "./story.fixture.ts";

test("a version like the stable one goes on, however often it is looked at", () => {
  const story = new Story();

  story.run(180, () => ({}));

  expect(story.last?.action).toBe("continue");
  expect(story.last?.because).toContain("no harm beyond the tolerances");
});

test("failures are caught within a minute, and the sentence names them", () => {
  const story = new Story({ canary: "v3", stable: "v2", beganAt: instant(Date.UTC(2026, 0, 1, 10, 42)) });

  story.run(60, () => ({ failing: 0.08 }));

  expect(story.last?.action).toBe("rollback");
  expect(story.seconds).toBeLessThanOrEqual(60);
  expect(story.last?.because).toMatch(/on v3 against .* % on v2 over .* requests since 10:4\d; not explained by noise/);
});

test("in a holdback its Pods get what those of the stable version got before: they aren't too few", () => {
  const story = new Story({ canary: "v3", stable: "v2" });
  const random = seededRandom(3);

  for (let window = 0; window < 60 && story.last?.action !== "rollback"; window++) {
    const canary = serve(random, 95, 10, { failing: 0.08 });
    story.observe({ weight: ratio(0.95), step: 2, canary, stable: serve(random, 5, 10) });
  }

  expect(story.last?.action).toBe("rollback");
  expect(story.last?.because).toMatch(/not explained by noise, a cold start or load$/);
});

test("where its Pods got more requests each than the others, the sentence says so", () => {
  const story = new Story({ canary: "v3", stable: "v2" });
  const { canary, stable } = { canary: { slower: 1.8, pods: 1 }, stable: { pods: 20 } };

  story.run(
    60,
    () => canary,
    () => stable,
  );

  expect(story.last).toMatchObject({ action: "rollback", evidence: [{ signal: "latency" }, {}, {}, {}, {}, {}, {}] });
  expect(story.last?.because).toContain(
    "a cold start, but each of its Pods got 5.0 times the requests of one of v2: were there too few?",
  );
});

test("one Pod against one says little of two versions: what is slower by less than twice isn't proven by it", () => {
  const slower = (times: number, pods: number) => {
    const story = new Story();
    const canary = { slower: times, pods };
    return story.run(
      90,
      () => canary,
      () => ({ pods }),
    ).last?.action;
  };

  expect(slower(1.4, 1)).not.toBe("rollback");
  expect(slower(1.4, 8)).toBe("rollback");
  expect(slower(2, 1)).toBe("rollback");
});

test("what hits both versions is not held against the new one", () => {
  const story = new Story();
  const outage = (time: number) => (time >= 200 && time < 800 ? { failing: 0.2, slower: 2 } : {});

  story.run(150, outage, outage);

  expect(story.last?.action).not.toBe("rollback");
});

test("a cold start that fades is no regression, the same slowness that stays is", () => {
  const cold = new Story();
  const slow = new Story();

  cold.run(60, (time) => ({ slower: 1 + 0.8 * Math.exp(-time / 45) }));
  slow.run(60, () => ({ slower: 1.8 }));

  expect(cold.last?.action).not.toBe("rollback");
  expect(slow.last).toMatchObject({ action: "rollback", evidence: [{ signal: "latency" }, {}, {}, {}, {}, {}, {}] });
});

test("a fresh baseline, as cold as the new version, shows a slower one sooner and with less", () => {
  const seen = (["stable", "fresh"] as const).map((control) => {
    const good = new Story(undefined, control).run(60, () => ({}));
    const slow = new Story(undefined, control).run(60, () => ({ slower: 1.5 }));
    return { good: good.last?.action, bar: good.last?.bar, slow: slow.last?.action, seconds: slow.seconds };
  });

  const [stable, fresh] = seen;
  expect(stable).toMatchObject({ good: "continue", bar: rollbackNats, slow: "rollback" });
  expect(fresh).toMatchObject({ good: "continue", bar: rollbackNats - freshNats.other, slow: "rollback" });
  expect(fresh?.seconds).toBeLessThan(stable?.seconds ?? 0);
});

test("a cold start in which a fresh baseline differs a little is no regression either", () => {
  const story = new Story(undefined, "fresh");

  story.run(
    60,
    (time) => ({ slower: 1 + 0.8 * Math.exp(-time / 45) }),
    (time) => ({ slower: 1 + 0.7 * Math.exp(-(time + 3) / 45) }),
  );

  expect(story.last?.action).toBe("continue");
});

test("a failure that begins late is found as late, not lost in a healthy past", () => {
  const story = new Story();

  story.run(200, (time) => ({ failing: time < 1200 ? 0.004 : 0.06 }));

  expect(story.last?.action).toBe("rollback");
  expect(story.last?.evidence[0]?.since).toBeGreaterThanOrEqual(1100);
  expect(story.seconds - 1200).toBeLessThanOrEqual(120);
});

test("one window full of failures is a burst; a person would wait for the second", () => {
  const story = new Story();

  story.run(30, (time) => ({ failing: time === 100 ? 0.06 : 0.004 }));

  expect(story.last?.action).toBe("continue");
});

test("memory that grows without end is a leak, more memory that stays is not", () => {
  const leak = new Story();
  const more = new Story();

  leak.run(200, (time) => ({ memory: 100 + time / 20 }));
  more.run(200, (time) => ({ memory: 125 - 25 * Math.exp(-time / 300) }));

  expect(leak.last).toMatchObject({ action: "rollback" });
  expect(leak.last?.because).toContain("doesn't come to rest");
  expect(more.last?.action).not.toBe("rollback");
});

test("lost conversions are found though every request succeeds", () => {
  const story = new Story();

  story.run(300, () => ({ converting: 0.015 }));

  expect(story.last?.because).toMatch(/users convert 1\.\d %/);
});

test("pods that restart again and again end a release", () => {
  const story = new Story();

  story.run(100, (time) => ({ restarts: Math.floor(time / 60) }));

  expect(story.last).toMatchObject({ action: "rollback" });
  expect(story.last?.because).toContain("restarted");
});

test("a reset counter, a lost control and a window seen twice change nothing", () => {
  const story = new Story();
  const random = seededRandom(5);
  story.run(20, () => ({}));
  const healthy = serve(random, 20, 10);

  const reset = story.observe({ canary: { ...healthy, failures: -7 }, stable: serve(random, 80, 10) });
  const alone = story.observe({ canary: { ...healthy, failures: healthy.requests } });
  const twice = story.observe({ canary: serve(random, 20, 10, { failing: 1 }), stable: healthy, ends: millis(10_000) });

  expect(reset.action).toBe("continue");
  expect(alone.because).toContain("nothing is left to compare with");
  expect(twice.nats).toBe(reset.nats);
});

test("the same windows bring the same verdicts", () => {
  const one = new Story().run(100, () => ({ slower: 1.1 }));
  const other = new Story().run(100, () => ({ slower: 1.1 }));

  expect(one.last).toEqual(other.last);
});
