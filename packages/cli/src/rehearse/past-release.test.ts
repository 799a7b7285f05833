import { builtInKinds, type Client, KindRegistry, type Resource } from "@sluice/api";
import { formatInstant, instant, seededRandom, VirtualClock } from "@sluice/kernel";
import { createStore } from "@sluice/store";
import { expect, test } from "vitest";
import { pastReleases } from "./past-release.ts";

const namespace = "shop";
const at = (second: number) => formatInstant(instant(1_767_225_600_000 + second * 1000), "millis");
const subject = { kind: "Rollout", name: "web", uid: "uid-1", podTemplateHash: "b", revision: "2" };
const ours = (kind: string, name: string, spec: object): Resource =>
  ({ apiVersion: "sluice.dev/v1alpha1", kind, metadata: { name, namespace }, spec }) as Resource;
const judgement = (second: number, more: object = {}) =>
  ours("Judgement", `web-b-2.${second}`, {
    rollout: { name: "web", uid: "uid-1" },
    revision: "2",
    canary: { podTemplateHash: "b", name: "v2" },
    stable: { podTemplateHash: "a", name: "v1" },
    beganAt: at(second),
    plan: [],
    windowSeconds: 1,
    mode: "enforce",
    ...more,
  });
const decision = (second: number, action: string) =>
  ours("Decision", `web-2-${action}-${second}`, {
    subject,
    action,
    at: at(second),
    because: action,
  });

async function storing(...objects: readonly Resource[]): Promise<Client> {
  const kinds = new KindRegistry(builtInKinds().map((kind) => ({ ...kind, schema: {}, rules: undefined }) as never));
  const { client } = await createStore({ kinds, clock: new VirtualClock(), random: seededRandom(1) });
  await client.create({ apiVersion: "v1", kind: "Namespace", metadata: { name: namespace } });
  for (const object of objects) await client.create(object);
  return client;
}

const found = async (...objects: readonly Resource[]) =>
  (await pastReleases(await storing(...objects), namespace, "web")).map(({ decisions }) =>
    decisions.map(({ action, atSeconds }) => `${action} ${atSeconds}`),
  );

test("what is judged before a switch and after it is one release", async () => {
  const judged = [judgement(2), judgement(6, { comparedWith: "before" })];
  const decided = [decision(0, "begin"), decision(3, "pause"), decision(6, "advance"), decision(9, "promote")];

  expect(await found(...judged, ...decided)).toEqual([["begin 0", "pause 3", "advance 6", "promote 9"]]);
});

test("a version that is tried again begins anew, and ends on its own", async () => {
  const decided = [decision(0, "begin"), decision(4, "abort"), decision(20, "retry"), decision(30, "promote")];

  expect(await found(judgement(2), judgement(21), ...decided)).toEqual([
    ["begin 0", "abort 4"],
    ["retry 0", "promote 10"],
  ]);
});

test("a preview that never became what everybody gets is a release of its own", async () => {
  const judged = [judgement(2), judgement(21), judgement(25, { comparedWith: "before" })];
  const decided = [decision(0, "begin"), decision(4, "abort"), decision(20, "retry"), decision(30, "promote")];

  expect(await found(...judged, ...decided)).toHaveLength(2);
});
