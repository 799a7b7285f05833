import type { BlueGreenDeployment, BlueGreenPhase, Decision } from "@sluice/api";
import { describe, expect, test } from "vitest";
import { deploySteps } from "./deploy-steps.ts";
import { headlineOf, nextSteps } from "./deploy-words.ts";

const at = (second: number) => new Date(1_800_000_000_000 + second * 1000).toISOString();

/** Entered one after the other, ten seconds each, each with what came of the one before. */
const entered = (...phases: readonly BlueGreenPhase[]): readonly Decision[] =>
  phases.map(
    (phase, index) =>
      ({
        apiVersion: "sluice.dev/v1alpha1",
        kind: "Decision",
        metadata: { name: phase },
        spec: {
          subject: { apiVersion: "sluice.dev/v1alpha1", kind: "BlueGreenDeployment", name: "web", revision: "r1" },
          action: "advance",
          at: at(index * 10),
          because: `into ${phase}`,
          inputs: { phase },
        },
      }) as unknown as Decision,
  );

const deploy = (status: BlueGreenDeployment["status"], spec: object = {}): BlueGreenDeployment => ({
  apiVersion: "sluice.dev/v1alpha1",
  kind: "BlueGreenDeployment",
  metadata: { name: "web", namespace: "default" },
  spec: { release: "r1", image: "web:2", ...spec },
  status: { release: "r1", from: "blue", to: "green", toDeployment: "web-green", image: "web:2", ...status },
});

const shown = (object: BlueGreenDeployment, decisions: readonly Decision[]) =>
  deploySteps(object, decisions).map(({ text, state, outcome, took }) => [text, state, outcome, took]);

describe("the steps of a deploy", () => {
  test("that fails after the switch end at what failed, and go on with the way back", () => {
    const outcome = { phase: "Failed", message: "a request failed" } as const;
    const object = deploy({ phase: "CleaningUp", message: "web-green is scaled down", outcome });
    const way = ["Preparing", "WaitingForReady", "CheckingHealth", "Switching", "Verifying"] as const;

    const steps = shown(object, entered(...way, "SwitchingBack", "CleaningUp"));

    expect(steps).toEqual([
      ["scale up", "done", "into WaitingForReady", 10_000],
      ["ready", "done", "into CheckingHealth", 10_000],
      ["health", "done", "into Switching", 10_000],
      ["switch", "done", "into Verifying", 10_000],
      ["verify", "failed", "a request failed", 10_000],
      ["switch back", "done", "into CleaningUp", 10_000],
      ["scale down", "current", "web-green is scaled down", undefined],
    ]);
  });

  test("that fails before the switch have nothing to switch back, and say how to go on", () => {
    const outcome = { phase: "Failed", message: "the smoke test failed (Error): sluice get job web-smoke" } as const;
    const object = deploy({ phase: "Failed", finishedAt: at(35), outcome }, { smoke: { image: "smoke:1" } });
    const decisions = entered("Preparing", "WaitingForReady", "CheckingHealth", "SmokeTesting", "CleaningUp");

    const steps = deploySteps(object, decisions);

    expect(steps.map(({ text, state }) => `${text} ${state}`)).toEqual([
      "scale up done",
      "ready done",
      "health done",
      "smoke test failed",
      "scale down done",
    ]);
    expect(headlineOf(object, steps)).toMatch(/^web:2 isn't released: the smoke test failed/);
    expect(nextSteps(object, undefined, "web-smoke-x1").map(({ command }) => command)).toEqual([
      "sluice logs web-smoke-x1",
      undefined,
      "sluice bluegreen deploy --service web --image web:2",
    ]);
  });

  test("are those that it asks for; the drain counts down", () => {
    const object = deploy(
      { phase: "Draining", phaseStartedAt: at(0), message: "blue stays for a while" },
      { verification: { requests: 0 }, drainSeconds: 90, notify: { secretName: "hook" } },
    );

    const steps = deploySteps(object, []);

    expect(steps.map(({ text }) => text)).toEqual([
      ...["scale up", "ready", "health", "switch", "drain", "scale down", "notify"],
    ]);
    expect(steps[4]).toMatchObject({ state: "current", endsAt: Date.parse(at(90)) });
  });

  test("of one that was refused, or not taken up yet, are none", () => {
    const refused: BlueGreenDeployment = { ...deploy({}), status: { release: "r1", phase: "Failed" } };
    const waiting: BlueGreenDeployment = { ...deploy({ phase: "Succeeded" }), spec: { release: "r2" } };

    expect([deploySteps(refused, []), deploySteps(waiting, [])]).toEqual([[], []]);
    expect(headlineOf(waiting, [])).toBe("It begins as soon as the control plane takes it up.");
  });
});
