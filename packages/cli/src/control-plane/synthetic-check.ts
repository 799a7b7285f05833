import { request } from "node:http";
import type { Client, EndpointSlice, Pod } from "@sluice/api";
import type { TaskHandler } from "@sluice/controllers";
import type { Clock, Millis } from "@sluice/kernel";
import { millis } from "@sluice/kernel";

/** By this header an application can leave our requests out of what it counts. */
const syntheticHeader = "sluice-synthetic";
const answerMillisMax = 5000;
const bodyCharactersMax = 1_000_000;

/** So long a version may have no ready Pod: somebody deleted it, or its machine is emptied, and another one comes. */
const podlessMillisMax = 30_000;
const podlessMillis = millis(200);

interface Target {
  readonly pod: string;
  readonly host: string;
  readonly port: number;
}

/**
 * `{ do: "syntheticCheck", namespace, service, podTemplateHash, path, ... }` -> `{ passed, failed, message? }`. Asks the
 * version's own Pods, one after the other: the router doesn't count these requests, whatever its weights are. What a Pod
 * that is being deleted answers says nothing of its version, and counts neither way.
 */
export const syntheticCheck =
  (client: Client, clock: Clock): TaskHandler =>
  async (work, cancellation) => {
    const count = numberOf(work.count, 10);
    const limit = numberOf(work.failureLimit, 0);
    const answer = new RegExp(textOf(work.expectBody), "u");
    let passed = 0;
    let failed = 0;
    let message: string | undefined;
    let podless = 0;
    const every = numberOf(work.everyMillis, 1000);
    for (let turn = 0; passed + failed < count && failed <= limit && !cancellation.isCancelled; turn++) {
      if (turn > 0) await wait(clock, millis(every));
      const targets = await targetsOf(client, work);
      const target = targets[turn % targets.length];
      const fault =
        target === undefined
          ? `no ready Pod of the version behind Service ${textOf(work.service)}`
          : await ask(target, work, answer);
      if (fault === undefined) passed++;
      else if (podless < podlessMillisMax && (await isLeaving(client, work, target))) {
        podless += podlessMillis;
        await wait(clock, podlessMillis);
      } else {
        failed++;
        message ??= fault;
      }
    }
    return { passed, failed, ...(message === undefined ? {} : { message }) };
  };

type Work = Readonly<Record<string, unknown>>;

/** Where the version's ready Pods listen. */
async function targetsOf(client: Client, work: Work): Promise<readonly Target[]> {
  const namespace = textOf(work.namespace);
  const [slices, pods] = await Promise.all([
    client.list<EndpointSlice>(
      { apiVersion: "discovery.k8s.io/v1", kind: "EndpointSlice" },
      { namespace, labelSelector: `kubernetes.io/service-name=${textOf(work.service)}` },
    ),
    client.list<Pod>(
      { apiVersion: "v1", kind: "Pod" },
      { namespace, labelSelector: `rollouts-pod-template-hash=${textOf(work.podTemplateHash)}` },
    ),
  ]);
  const own = new Set(pods.items.map(({ metadata }) => metadata.name));
  return slices.items.flatMap(({ endpoints, ports = [] }) => {
    const port = ports.find(({ name }) => work.port === undefined || name === work.port)?.port;
    if (port === undefined) return [];
    return endpoints
      .filter(({ targetRef, conditions }) => own.has(targetRef?.name ?? "") && conditions?.ready !== false)
      .flatMap(({ addresses, targetRef }) =>
        addresses.slice(0, 1).map((host) => ({ pod: targetRef?.name ?? "", host, port })),
      );
  });
}

/** True also where there is none to ask. */
async function isLeaving(client: Client, work: Work, target: Target | undefined): Promise<boolean> {
  if (target === undefined) return true;
  const pod = await client.get<Pod>({
    apiVersion: "v1",
    kind: "Pod",
    namespace: textOf(work.namespace),
    name: target.pod,
  });
  return pod === undefined || pod.metadata.deletionTimestamp !== undefined;
}

/** What is wrong with the answer; undefined where nothing is. */
function ask({ host, port }: Target, work: Work, answer: RegExp): Promise<string | undefined> {
  const path = textOf(work.path) || "/";
  const expected = numberOf(work.expectStatus, 200);
  return new Promise((resolve) => {
    const headers = {
      host: textOf(work.host) || textOf(work.service),
      "user-agent": "sluice-synthetic",
      [syntheticHeader]: textOf(work.name),
      connection: "close",
    };
    const fault = (what: string) => resolve(`GET ${path} of ${host}:${port}: ${what}`);
    const asked = request({ host, port, path, headers, timeout: answerMillisMax }, (response) => {
      let body = "";
      response.setEncoding("utf8");
      response.on("data", (part: string) => {
        if (body.length < bodyCharactersMax) body += part;
      });
      response.on("error", ({ message }) => fault(message));
      response.on("end", () => {
        if (response.statusCode !== expected) fault(`answered ${response.statusCode}, expected ${expected}`);
        else if (!answer.test(body)) fault(`the body doesn't match ${answer.source}`);
        else resolve(undefined);
      });
    });
    asked.on("timeout", () => asked.destroy(new Error(`no answer within ${answerMillisMax / 1000} s`)));
    asked.on("error", ({ message }) => fault(message));
    asked.end();
  });
}

const wait = (clock: Clock, time: Millis): Promise<void> =>
  new Promise((resolve) => {
    clock.after(time, resolve);
  });
const textOf = (value: unknown): string => (typeof value === "string" ? value : "");
const numberOf = (value: unknown, otherwise: number): number => (typeof value === "number" ? value : otherwise);
