import { get } from "node:http";
import type { Cancellation, TaskHandler } from "@sluice/controllers";
import { Fault, toFault } from "@sluice/kernel";
import { type RouterCountsOptions, routerCounts } from "./router-counts.ts";

/** The outside work of blue-green deploys. */
export const blueGreenTasks = (options: RouterCountsOptions): Readonly<Record<string, TaskHandler>> => ({
  checkHttp: (work, cancellation) => checkHttp(work as unknown as CheckHttp, cancellation),
  verifySwitch: (work, cancellation) => verifySwitch(work as unknown as VerifySwitch, options, cancellation),
  postWebhook: (work) => postWebhook(work as unknown as PostWebhook),
});

interface CheckHttp {
  readonly host: string;
  readonly port: number;
  readonly path: string;
  readonly attempts: number;
  readonly intervalMillis: number;
}

/** Until one answer is good. */
async function checkHttp({ host, port, path, attempts, intervalMillis }: CheckHttp, cancellation: Cancellation) {
  for (let attempt = 1; ; attempt++) {
    const refusal = await ask({ host, port, path });
    if (refusal === undefined) return { attempts: attempt };
    if (attempt >= attempts || cancellation.isCancelled) {
      throw new Fault("unavailable", `${path}: ${refusal}, ${attempt} times`);
    }
    await pause(intervalMillis);
  }
}

interface VerifySwitch {
  readonly namespace: string;
  readonly service: string;
  readonly path: string;
  readonly requests: number;
  readonly timeoutSeconds: number;
  /** Of the new colour's Pods. */
  readonly hashes: readonly string[];
}

/**
 * Asks through the router as users do. None may fail, and by the router's own counts all that was answered meanwhile,
 * other people's requests too, came from the new colour. What was under way at the switch may still end: then once more.
 */
async function verifySwitch(work: VerifySwitch, options: RouterCountsOptions, cancellation: Cancellation) {
  const deadline = performance.now() + work.timeoutSeconds * 1000;
  const host = `${work.service}.${work.namespace}.localhost`;
  let last = "the agent isn't there";
  while (performance.now() < deadline && !cancellation.isCancelled) {
    const { routerPort, metricsPort } = options.agent() ?? {};
    if (routerPort !== undefined && metricsPort !== undefined) {
      const counts = () => countAnswers(options, work);
      const before = await counts().catch((thrown: unknown) => toFault(thrown).message);
      if (typeof before === "string") last = before;
      else {
        for (let request = 1; request <= work.requests && performance.now() < deadline; request++) {
          const refusal = await ask({ host: "127.0.0.1", port: routerPort, path: work.path, header: host });
          if (refusal !== undefined) {
            throw new Fault("unavailable", `request ${request} of ${work.requests} to ${host}${work.path}: ${refusal}`);
          }
        }
        const after = await counts().catch(() => before);
        const old = after.old - before.old;
        if (old === 0 && after.new - before.new >= work.requests) return { requests: work.requests };
        last = `${old} of the requests to ${host} were answered by the old colour`;
      }
    }
    await pause(200);
  }
  throw new Fault("unavailable", `${last}, after ${work.timeoutSeconds} s`);
}

async function countAnswers(options: RouterCountsOptions, { namespace, service, hashes }: VerifySwitch) {
  const counts = { old: 0, new: 0 };
  for (const { podTemplateHash = "", requests, ...at } of await routerCounts(options)) {
    if (at.namespace !== namespace || at.service !== service) continue;
    counts[hashes.includes(podTemplateHash) ? "new" : "old"] += requests;
  }
  return counts;
}

interface PostWebhook {
  readonly url: string;
  readonly body: object;
}

/** The URL is a secret: nothing of it but the host may stand in what is thrown. */
async function postWebhook({ url, body }: PostWebhook) {
  if (!URL.canParse(url)) throw new Fault("invalid", "the webhook's URL isn't one");
  const { host } = new URL(url);
  const response = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(10_000),
  }).catch(() => undefined);
  if (response === undefined) throw new Fault("unavailable", `the webhook at ${host} can't be reached`);
  await response.body?.cancel();
  if (!response.ok) throw new Fault("unavailable", `the webhook at ${host} answered ${response.status}`);
  return { status: response.status };
}

interface Asked {
  readonly host: string;
  readonly port: number;
  readonly path: string;
  /** The Host header. */
  readonly header?: string;
}

/** What was wrong with the answer; undefined where it is below 400. Over a connection of its own, as a new user. */
function ask({ host, port, path, header }: Asked): Promise<string | undefined> {
  return new Promise((resolve) => {
    const headers = header === undefined ? {} : { host: header };
    const asked = get({ host, port, path, agent: false, timeout: 5_000, headers }, (response) => {
      const status = response.statusCode ?? 0;
      response.on("error", () => resolve("the answer broke off"));
      response.on("end", () => resolve(status < 400 ? undefined : `answered ${status}`));
      response.resume();
    });
    asked.on("timeout", () => asked.destroy(new Error("no answer in 5 s")));
    asked.on("error", (error) => resolve(error.message));
  });
}

const pause = (millis: number) => new Promise<void>((resolve) => setTimeout(resolve, millis));
