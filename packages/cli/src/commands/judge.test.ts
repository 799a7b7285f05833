import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { expect, test } from "vitest";

const program = join(import.meta.dirname, "..", "..", "bin", "sluice.mjs");

/** 100 requests a minute by weight, of which so many fail. */
const arm = (n: number, err: number) => ({
  n,
  err,
  lat: [0, n, 0],
  endpoints: [{ n, err, lat: [0, n, 0] }],
  exposed: n,
  conv: 0,
  memMax: 1,
  restarts: 0,
  pods: 2,
});

test("sluice judge answers every line, and takes back what fails", async () => {
  const child = spawn(process.execPath, [program, "judge"], { stdio: ["pipe", "pipe", "inherit"] });
  const answers: { action?: string; reason?: string; error?: string; starts?: object }[] = [];
  createInterface({ input: child.stdout }).on("line", (line) => answers.push(JSON.parse(line)));
  const history = Array.from({ length: 30 }, () => ({ dt: 60, a: arm(3000, 3), b: arm(3000, 3) }));
  const plan = [
    { weight: 0.1, sec: 600 },
    { weight: 1, sec: 600 },
  ];
  const send = (line: object) => child.stdin.write(`${JSON.stringify(line)}\n`);

  send({ type: "start", id: "a", plan, bucketEdgesMs: [10, 100], history });
  for (let window = 1; window <= 6; window++) {
    const canary = arm(100, 30);
    const stable = arm(900, 1);
    send({
      type: "window",
      id: "a",
      t: 10 * window,
      dt: 10,
      weight: 0.1,
      step: 0,
      stepAge: 10 * window,
      canary,
      stable,
    });
  }
  child.stdin.write("no JSON\n");
  send({ type: "start", id: "b", plan });
  send({ type: "window", id: "a", t: 70, dt: 10, weight: 0.1, canary: 7 });
  send({ type: "end", id: "a" });
  send({ type: "guess" });
  send({ type: "window", id: "nobody", t: 10, dt: 10, weight: 0.1, canary: arm(100, 0), stable: null });
  child.stdin.write("null\n");
  const starts = { releases: 1, failing: 0.1, slower: [1, "often"] };
  send({ type: "start", id: "c", plan, bucketEdgesMs: [10, 100], history, starts });
  send({ type: "start", id: "c", plan, bucketEdgesMs: [10, 100], history, starts: { ...starts, slower: [1] } });
  child.stdin.end();
  await once(child, "close");

  expect(answers).toHaveLength(16);
  expect(answers[0]).toEqual({});
  expect(answers[6]?.action).toBe("rollback");
  expect(answers[6]?.reason).toMatch(/30 % on the new version against 0\.11 % on the stable version/);
  expect(answers[7]?.error).toContain("can't be read");
  expect(answers[8]?.error).toBe("a start without bucketEdgesMs");
  expect(answers[9]?.error).toBe("canary: found 7, expected what a version served: {n, err, lat}");
  expect(answers[10]?.starts).toMatchObject({ releases: 1, slower: expect.any(Array) });
  expect(answers[11]?.error).toContain("start, window or end");
  // Nothing of which nothing is known goes on.
  expect(answers[12]).toEqual({ error: "no release nobody was started" });
  expect(answers[13]?.error).toContain("start, window or end");
  expect(answers[14]?.error).toBe('starts.slower[1]: found "often", expected a share, 0 to 1');
  expect(answers[15]).toEqual({});
});
