// What the plugin for kubectl writes, byte for byte over HTTPS, and two people at once.
// A Rollout without Pods goes through its steps all the same, so nothing is waited for.
import { request } from "node:https";
import { afterAll, beforeAll, expect, test } from "vitest";
import { eventually, RunningSluice } from "./fixtures/sluice.ts";

interface Seen {
  readonly metadata: { readonly generation: number };
  readonly spec: {
    readonly paused?: boolean;
    readonly restartAt?: string;
    readonly template: { readonly spec: { readonly containers: readonly { readonly image: string }[] } };
  };
  readonly status?: {
    readonly phase?: string;
    readonly abort?: boolean;
    readonly currentStepIndex?: number;
    readonly pauseConditions?: readonly object[];
    readonly stableRS?: string;
    readonly currentPodHash?: string;
    readonly restartedAt?: string;
    readonly observedGeneration?: string;
  };
}

const rollout = (name: string, image: string) => ({
  apiVersion: "argoproj.io/v1alpha1",
  kind: "Rollout",
  metadata: { name, namespace: "default" },
  spec: {
    replicas: 0,
    selector: { matchLabels: { app: name } },
    template: { metadata: { labels: { app: name } }, spec: { containers: [{ name: "web", image }] } },
    strategy: {
      canary: { steps: [{ pause: {} }, { setWeight: 50 }, { pause: {} }, { setWeight: 80 }, { pause: {} }] },
    },
  },
});

const path = "/apis/argoproj.io/v1alpha1/namespaces/default/rollouts";
let sluice: RunningSluice;
let port: number;
let token: string;

beforeAll(async () => {
  sluice = await RunningSluice.start();
  port = (await sluice.controlPlane()).apiPort;
  token = (await sluice.credentials()).adminToken ?? "";
}, 60_000);
afterAll(() => sluice?.stop(), 60_000);

interface Answer {
  readonly code: number;
  readonly body: string;
}

/** One request as it goes over the wire. */
const ask = (method: string, at: string, body?: object, type = "application/json"): Promise<Answer> =>
  new Promise((resolve, reject) => {
    const headers = { authorization: `Bearer ${token}`, ...(body === undefined ? {} : { "content-type": type }) };
    const sent = request(
      { host: "127.0.0.1", port, path: at, method, headers, rejectUnauthorized: false },
      (answer) => {
        let text = "";
        answer.setEncoding("utf8").on("data", (piece) => (text += piece));
        answer.on("end", () => resolve({ code: answer.statusCode ?? 0, body: text }));
      },
    );
    sent.on("error", reject);
    sent.end(body === undefined ? undefined : JSON.stringify(body));
  });

const merge = async (name: string, body: object, subresource = ""): Promise<void> => {
  const answer = await ask("PATCH", `${path}/${name}${subresource}`, body, "application/merge-patch+json");
  expect(answer).toMatchObject({ code: 200 });
};
const toStatus = (name: string, status: object) => merge(name, { status }, "/status");
const see = async (name: string): Promise<Seen> => JSON.parse((await ask("GET", `${path}/${name}`)).body) as Seen;

const isDone = ({ status }: Seen) => status?.phase === "Healthy" && status.stableRS === status.currentPodHash;
const waitsAt = (step: number) => (seen: Seen) =>
  seen.status?.phase === "Paused" && seen.status.currentStepIndex === step;

const until = (name: string, holds: (seen: Seen) => boolean, what: string): Promise<Seen> =>
  eventually(
    async () => {
      const seen = await see(name);
      return holds(seen) && seen.status?.observedGeneration === String(seen.metadata.generation) ? seen : undefined;
    },
    `${name} ${what}`,
    15_000,
  );

/** A Rollout whose second version waits at its first step. */
async function waiting(name: string): Promise<void> {
  expect(await ask("POST", path, rollout(name, "web:v1"))).toMatchObject({ code: 201 });
  await until(name, isDone, "to be stable");
  await merge(name, { spec: rollout(name, "web:v2").spec });
  await until(name, waitsAt(0), "to wait");
}

type Case = readonly [string, (name: string) => Promise<void>, (seen: Seen) => boolean];

test.concurrent.each<Case>([
  [
    "promote, as old plugins: spec and status in turn",
    async (name) => {
      await merge(name, { spec: { paused: false } });
      await toStatus(name, { pauseConditions: null });
    },
    waitsAt(2),
  ],
  ["promote", (name) => toStatus(name, { pauseConditions: null }), waitsAt(2)],
  ["promote --full", (name) => toStatus(name, { promoteFull: true }), isDone],
  ["promote --skip-current-step", (name) => toStatus(name, { pauseConditions: null, currentStepIndex: 1 }), waitsAt(2)],
  ["promote --skip-all-steps", (name) => toStatus(name, { pauseConditions: null, currentStepIndex: 5 }), isDone],
  [
    "abort",
    (name) => toStatus(name, { abort: true }),
    ({ status }) => status?.phase === "Degraded" && status.abort === true,
  ],
  [
    "retry",
    async (name) => {
      await toStatus(name, { abort: true });
      await until(name, ({ status }) => status?.phase === "Degraded", "to be aborted");
      await toStatus(name, { abort: false });
    },
    waitsAt(0),
  ],
  [
    "restart",
    (name) => merge(name, { spec: { restartAt: "2026-01-01T00:00:00Z" } }),
    ({ status }) => status?.restartedAt === "2026-01-01T00:00:00Z",
  ],
  [
    "undo",
    async (name) => {
      const { template } = rollout(name, "web:v1").spec;
      const operations = [{ op: "replace", path: "/spec/template", value: template }];
      const answer = await ask("PATCH", `${path}/${name}`, operations, "application/json-patch+json");
      expect(answer).toMatchObject({ code: 200 });
    },
    (seen) => isDone(seen) && seen.spec.template.spec.containers[0]?.image === "web:v1",
  ],
  [
    "pause",
    (name) => merge(name, { spec: { paused: true } }),
    ({ spec, status }) => spec.paused === true && status?.phase === "Paused",
  ],
  [
    "set image",
    async (name) => {
      const whole = JSON.parse((await ask("GET", `${path}/${name}`)).body) as ReturnType<typeof rollout>;
      const { template } = whole.spec;
      template.spec.containers[0] = { name: "web", image: "web:v3" };
      expect(await ask("PUT", `${path}/${name}`, whole)).toMatchObject({ code: 200 });
    },
    (seen) => waitsAt(0)(seen) && seen.spec.template.spec.containers[0]?.image === "web:v3",
  ],
])("the plugin's %s", async (title, write, holds) => {
  const name = title
    .replaceAll(/[^a-z]+/g, "-")
    .slice(0, 40)
    .replaceAll(/^-|-$/g, "");
  await waiting(name);

  await write(name);

  await until(name, holds, `to follow ${title}`);
});

test("who means one step doesn't end the pause of another, and reads what happened meanwhile", async () => {
  await waiting("shop");
  await sluice.ok("rollout", "promote", "shop", "--step", "1");
  await until("shop", waitsAt(2), "to wait at its next pause");

  const late = await sluice.run(["rollout", "promote", "shop", "--step", "1"]);

  expect(late.code).toBe(1);
  expect(late.stderr).toMatch(
    /it isn't at step 1: \S+ promoted it \d+ s ago; it's now at step 3\/5\. Nothing was changed\./,
  );
  expect(await see("shop")).toMatchObject({ status: { currentStepIndex: 2, phase: "Paused" } });
  expect(await sluice.ok("events", "--for", "rollout/shop")).toMatch(/PersonPromoted.* promoted it/);
});
