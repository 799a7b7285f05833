import { randomInt } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  builtInKinds,
  type Client,
  type Container,
  KindRegistry,
  type Pod,
  type PodSpec,
  type Resource,
} from "@sluice/api";
import { millis, seededRandom } from "@sluice/kernel";
import { createStore, type Store } from "@sluice/store";
import { type Agent, type AgentOptions, createAgent } from "./agent.ts";
import { createFolderImageStore, type OciConfig } from "./image-store.ts";
import { logFileOf, podLogFolder } from "./logs/layout.ts";
import { readLog } from "./logs/read.ts";
import { systemClock } from "./system-clock.ts";

/** A real agent over a real store in memory, in a folder of its own. */
export class AgentWorld {
  readonly folder = mkdtempSync(join(tmpdir(), "sluice-agent-"));
  readonly stateFolder = join(this.folder, "state");
  readonly store: Store;
  readonly client: Client;
  agent: Agent;

  private constructor(store: Store, options: Partial<AgentOptions>) {
    this.store = store;
    this.client = store.client;
    this.agent = this.newAgent(options);
  }

  static async open(options: Partial<AgentOptions> = {}): Promise<AgentWorld> {
    const store = await createStore({
      kinds: new KindRegistry(builtInKinds()),
      clock: systemClock,
      random: seededRandom(randomInt(2 ** 32)),
    });
    const world = new AgentWorld(store, options);
    await world.agent.start();
    return world;
  }

  newAgent(options: Partial<AgentOptions> = {}): Agent {
    return createAgent({
      client: this.client,
      stateFolder: this.stateFolder,
      images: createFolderImageStore(join(this.folder, "images")),
      clock: systemClock,
      pollMillis: millis(100),
      log: (level, message, fields) => {
        if (level === "error") console.error(message, fields);
      },
      ...options,
    });
  }

  async close(): Promise<void> {
    await this.agent.shutdown(1);
    await this.store.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }

  image(reference: string, config: OciConfig, files: Readonly<Record<string, string>> = {}): void {
    const folder = join(this.folder, "images", reference.replace(/[/:@]/g, "_"));
    mkdirSync(join(folder, "files"), { recursive: true });
    writeFileSync(join(folder, "config.json"), JSON.stringify(config));
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(join(folder, "files", path, ".."), { recursive: true });
      writeFileSync(join(folder, "files", path), text, { mode: 0o755 });
    }
  }

  /** One container from image `app:v1` unless said otherwise. */
  async run(name: string, container: Partial<Container>, spec: Partial<PodSpec> = {}): Promise<Pod> {
    return this.create({
      apiVersion: "v1",
      kind: "Pod",
      metadata: { name, namespace: "default", labels: { app: name } },
      spec: {
        containers: [{ name: "main", image: "app:v1", ...container }],
        terminationGracePeriodSeconds: 5,
        ...spec,
      },
    });
  }

  create<R extends Resource>(resource: R): Promise<R> {
    return this.client.create(resource);
  }

  async pod(name: string): Promise<Pod | undefined> {
    return this.client.get<Pod>({ apiVersion: "v1", kind: "Pod", namespace: "default", name });
  }

  /** The Pod as soon as it is as asked for. */
  async until(name: string, isAsAsked: (pod: Pod | undefined) => boolean, patience = 15_000): Promise<Pod> {
    const end = Date.now() + patience;
    for (;;) {
      const pod = await this.pod(name);
      if (isAsAsked(pod)) return pod as Pod;
      if (Date.now() > end)
        throw new Error(`not in time: ${JSON.stringify(pod?.status, null, 1)}\n${await this.log(pod)}`);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }

  untilReady(name: string): Promise<Pod> {
    return this.until(name, (pod) => conditionOf(pod, "Ready") === "True");
  }

  delete(name: string, gracePeriodSeconds?: number): Promise<unknown> {
    const options = gracePeriodSeconds === undefined ? {} : { gracePeriodSeconds };
    return this.client.delete({ apiVersion: "v1", kind: "Pod", namespace: "default", name }, options);
  }

  async log(pod: Pod | undefined, container = "main", attempt = 0): Promise<string> {
    if (pod === undefined) return "";
    const folder = podLogFolder(this.stateFolder, "default", pod.metadata.name, pod.metadata.uid ?? "");
    let text = "";
    for await (const chunk of readLog(logFileOf(folder, container, attempt), {}, () => true)) {
      text += Buffer.from(chunk).toString("utf8");
    }
    return text;
  }

  async events(): Promise<string[]> {
    const { items } = await this.client.list<Resource & { readonly reason: string }>({
      apiVersion: "v1",
      kind: "Event",
    });
    return items.map(({ reason }) => reason);
  }
}

export const conditionOf = (pod: Pod | undefined, type: string): string | undefined =>
  pod?.status?.conditions?.find((condition) => condition.type === type)?.status;

export const containerOf = (pod: Pod | undefined) => pod?.status?.containerStatuses?.[0];

/** Serves PORT, says which Pod answers, and ends well on SIGTERM. */
export const serverScript = `
const http = require("http");
const server = http.createServer((request, response) => {
  if (request.url === "/die") process.exit(3);
  if (request.url === "/slow") return setTimeout(() => response.end("slow"), 300);
  response.end(process.env.HOSTNAME + " " + process.pid);
});
server.listen(Number(process.env.PORT), () => console.log("listening on " + process.env.PORT));
process.on("SIGTERM", () => { console.log("SIGTERM"); server.close(() => process.exit(0)); server.closeIdleConnections(); });
`;
