import { spawn } from "node:child_process";
import { cp, mkdtemp, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Application, Client, Pod, Rollout } from "@sluice/api";
import { Fault } from "@sluice/kernel";
import { parseManifests } from "@sluice/sources";
import { buildImage, ImageStore } from "@sluice/supply-chain";
import { applyOne } from "../commands/apply.ts";
import { type Connection, connect } from "../connection.ts";
import { examplesFolder, program } from "../program.ts";
import { takePicture } from "../release/release-picture.ts";
import { createStateFolder, stateFolder } from "../state/state-folder.ts";
import type { LoadReport } from "./load.ts";
import { LoadProcess } from "./load-process.ts";
import { DemoRepository } from "./repository.ts";
import type { Stage } from "./stage.ts";

export interface DemoOptions {
  readonly data?: string;
  readonly port?: string;
  readonly apiPort?: string;
  readonly routerPort?: string;
  readonly fast?: boolean;
  readonly requestsPerSecond?: number;
}

export interface DemoRelease {
  readonly version: string;
  readonly result: "promoted" | "rolledBack" | "undecided";
  readonly seconds: number;
}

/** The last line of `sluice demo --json`. */
export interface DemoSummary {
  readonly requests: number;
  readonly failed: number;
  readonly failedByBad: number;
  readonly servedByBad: number;
  readonly pushToFirstCanaryMs: number;
  readonly badToVerdictMs: number;
  readonly verdictToZeroMs: number;
  readonly releases: readonly DemoRelease[];
  readonly git: { readonly head: string; readonly revertOf: string };
  /** What wasn't as it should be; empty where the demo is a success. */
  readonly problems: readonly string[];
}

const namespace = "shop";
const rolloutKey = { apiVersion: "argoproj.io/v1alpha1", kind: "Rollout", namespace, name: "shop" } as const;
const releaseMillisMax = 180_000;
const bad = "v3";

/** The main job, for real: four releases of a shop under load, one of them bad. */
export class Demo {
  readonly folder: string;
  readonly state: string;
  connection!: Connection;
  repository!: DemoRepository;
  load: LoadProcess | undefined;
  readonly #options: DemoOptions;
  readonly #stage: Stage;
  readonly #releases: DemoRelease[] = [];

  private constructor(options: DemoOptions, stage: Stage, folder: string) {
    this.#options = options;
    this.#stage = stage;
    this.folder = folder;
    this.state = options.data ?? join(folder, ".sluice");
  }

  static async create(options: DemoOptions, stage: Stage): Promise<Demo> {
    return new Demo(options, stage, await mkdtemp(join(tmpdir(), "sluice-demo-")));
  }

  async run(): Promise<DemoSummary> {
    await this.#prepare();
    const load = this.load as LoadProcess;
    const good = await this.#release("v1", "v2");
    const hurt = await this.#takeBack();
    await this.#release("v2", "v4");
    await this.#untilOnly("v4");
    const enough = (load.latest?.requests ?? 0) + 200;
    await load.until(({ requests }) => requests > enough);
    const report = await load.stop();
    return this.#summarise(report, { pushToFirstCanaryMs: good, ...hurt });
  }

  get client(): Client {
    return this.connection.client;
  }

  /** Ends what the demo started; the folders stay for a look. */
  async stop(): Promise<void> {
    await this.load?.stop().catch(() => {});
    await this.connection?.close();
    await runProgram(["down", "--data", this.state]).catch(() => {});
  }

  async #prepare(): Promise<void> {
    const shop = join(examplesFolder(), "shop");
    const state = stateFolder(this.state);
    await createStateFolder(state);
    this.#stage.say("building images v1 to v4 of the shop, without a container engine");
    const images = new ImageStore({ folder: state.images });
    for (const version of ["v1", "v2", "v3", "v4"]) {
      const folder = join(this.folder, "build", version);
      await cp(join(shop, "app"), folder, { recursive: true });
      await cp(join(shop, "releases", version), folder, { recursive: true });
      await buildImage(images.content, { folder, tag: `shop:${version}`, command: ["node", "server.js"] });
    }
    this.#stage.say("starting Sluice: control plane, node agent, router");
    const { port = "0", apiPort = "0", routerPort = "0" } = this.#options;
    await runProgram([
      "up",
      "--detach",
      "--data",
      this.state,
      "--port",
      port,
      "--api-port",
      apiPort,
      "--router-port",
      routerPort,
    ]);
    this.connection = await connect({ data: this.state, namespace });
    this.#stage.follow(
      () => takePicture(this.client, namespace, "shop").catch(() => undefined),
      () => this.load?.latest,
    );
    this.#stage.say("making a repository with the shop's manifests and telling Sluice about it");
    const manifests = await this.#manifests(join(shop, "manifests"));
    this.repository = await DemoRepository.create(join(this.folder, "git"), manifests);
    const text = await readFile(join(shop, "application.yaml"), "utf8");
    const { resources } = parseManifests("application.yaml", text.replace("REPOSITORY", this.repository.bare));
    await applyOne(this.client, { apiVersion: "v1", kind: "Namespace", metadata: { name: "argocd" } });
    for (const { resource } of resources) await applyOne(this.client, resource);
    const started = Date.now();
    await this.#until("v1 to be healthy", (rollout) => isReleased(rollout, "v1"));
    this.#releases.push({ version: "v1", result: "promoted", seconds: secondsSince(started) });
    const requestsPerSecond = this.#options.requestsPerSecond ?? 400;
    this.#stage.say(`v1 is up; ${requestsPerSecond} requests a second from here on`);
    this.load = new LoadProcess(program(), {
      url: `http://127.0.0.1:${this.connection.record.routerPort}`,
      host: `shop.${namespace}.localhost`,
      requestsPerSecond,
    });
    await this.load.until(({ requests }) => requests > requestsPerSecond);
  }

  /** `--fast` shortens the pauses; everything else is the example as it stands. */
  async #manifests(source: string): Promise<string> {
    if (!this.#options.fast) return source;
    const folder = join(this.folder, "manifests");
    await cp(source, folder, { recursive: true });
    const path = join(folder, "rollout.yaml");
    await writeFile(
      path,
      (await readFile(path, "utf8"))
        .replaceAll("duration: 5s", "duration: 2s")
        .replace("abortScaleDownDelaySeconds: 30", "abortScaleDownDelaySeconds: 5"),
    );
    return folder;
  }

  async #release(from: string, to: string): Promise<number> {
    this.#stage.say(`git push: ${to}`);
    const started = Date.now();
    await this.repository.release(from, to);
    const pushed = Date.now();
    const seen = await this.#loadUntil(`the first answer of ${to}`, (report) => report.byVersion[to] !== undefined);
    const first = seen.byVersion[to]?.firstAt ?? Date.now();
    this.#stage.say(`${to} answers its first request ${first - pushed} ms after the push`);
    await this.#until(`${to} to be promoted`, (rollout) => isReleased(rollout, to));
    this.#releases.push({ version: to, result: "promoted", seconds: secondsSince(started) });
    this.#stage.say(`${to} has all the traffic`);
    return first - pushed;
  }

  async #takeBack() {
    this.#stage.say(`git push: ${bad}, which fails 6 % of its requests and is slower`);
    const started = Date.now();
    const commit = await this.repository.release("v2", bad);
    const hurt = await this.#loadUntil(
      `the first failure of ${bad}`,
      (report) => (report.byVersion[bad]?.failed ?? 0) > 0,
    );
    const firstBad = hurt.byVersion[bad]?.firstFailedAt ?? Date.now();
    const verdict = await this.#verdict();
    this.#stage.say(`verdict after ${verdict - firstBad} ms: ${bad} is taken back`);
    await this.#until(
      `the traffic to leave ${bad}`,
      (rollout) => (rollout.status?.canary?.weights?.canary.weight ?? 0) === 0,
    );
    const revert = await this.#untilReverted(commit);
    this.#stage.say(`git: ${revert.slice(0, 8)} takes ${commit.slice(0, 8)} back`);
    await this.#until("v2 to be healthy again", (rollout) => isReleased(rollout, "v2"));
    this.#releases.push({ version: bad, result: "rolledBack", seconds: secondsSince(started) });
    return { firstBad, verdict, commit, revert };
  }

  /** When the decision to take the release back was made, by the control plane's clock: the same machine's. */
  async #verdict(): Promise<number> {
    const deadline = Date.now() + releaseMillisMax;
    while (Date.now() < deadline) {
      const { decisions, rollout } = await takePicture(this.client, namespace, "shop");
      const abort = decisions.findLast(({ spec }) => spec.action === "abort");
      if (abort !== undefined) return Date.parse(abort.spec.at);
      if (isReleased(rollout, bad)) throw new Fault("bug", `${bad} was promoted: nothing caught it`);
      await pause(20);
    }
    throw new Fault("unavailable", `no verdict on ${bad} in ${releaseMillisMax / 1000} s`);
  }

  async #untilReverted(commit: string): Promise<string> {
    const deadline = Date.now() + releaseMillisMax;
    while (Date.now() < deadline) {
      const head = await this.repository.head();
      if (head !== commit) return head;
      await pause(50);
    }
    throw new Fault("unavailable", `git still asks for ${bad} after ${releaseMillisMax / 1000} s`);
  }

  async #until(what: string, fits: (rollout: Rollout) => boolean): Promise<void> {
    const deadline = Date.now() + releaseMillisMax;
    let latest: Rollout | undefined;
    while (Date.now() < deadline) {
      latest = await this.client.get<Rollout>(rolloutKey);
      if (latest !== undefined && fits(latest)) return;
      await pause(50);
    }
    const application = await this.client.get<Application>({
      apiVersion: "argoproj.io/v1alpha1",
      kind: "Application",
      namespace: "argocd",
      name: "shop",
    });
    const seen =
      latest === undefined
        ? `no rollout; the application says ${JSON.stringify(application?.status?.conditions ?? application?.status?.operationState?.message)}`
        : `${latest.status?.phase}: ${latest.status?.message ?? ""}`;
    throw new Fault("unavailable", `waited ${releaseMillisMax / 1000} s for ${what}; last seen: ${seen}`);
  }

  /** Versions that were taken off the traffic keep their pods for a while, for a way back; then they go. */
  async #untilOnly(version: string): Promise<void> {
    this.#stage.say("waiting for the pods of other versions to go");
    const deadline = Date.now() + releaseMillisMax;
    while (Date.now() < deadline) {
      const { pods } = await takePicture(this.client, namespace, "shop");
      if (pods.every((pod) => pod.spec.containers[0]?.image === `shop:${version}`)) return;
      await pause(100);
    }
  }

  async #loadUntil(what: string, fits: (report: LoadReport) => boolean): Promise<LoadReport> {
    const load = this.load as LoadProcess;
    const timeout = pause(releaseMillisMax).then(() => {
      throw new Fault("unavailable", `waited ${releaseMillisMax / 1000} s for ${what}`);
    });
    timeout.catch(() => {});
    return Promise.race([load.until(fits), timeout]);
  }

  async #summarise(
    report: LoadReport,
    times: { pushToFirstCanaryMs: number; firstBad: number; verdict: number; commit: string; revert: string },
  ): Promise<DemoSummary> {
    const hurt = report.byVersion[bad];
    const head = await this.repository.head();
    const failedByBad = hurt?.failed ?? 0;
    const problems: string[] = [];
    const expectThat = (holds: boolean, otherwise: string) => {
      if (!holds) problems.push(otherwise);
    };
    expectThat(
      report.failed === failedByBad,
      `${report.failed - failedByBad} requests failed that ${bad} didn't answer: ${report.failures
        .filter((one) => !one.includes(` ${bad} `))
        .slice(0, 3)
        .join("; ")}`,
    );
    expectThat(
      (await this.repository.message(times.revert)).includes(times.commit),
      "the revert commit doesn't name what it takes back",
    );
    expectThat(
      (await this.repository.imageAtHead()) === "shop:v4",
      `git asks for ${await this.repository.imageAtHead()}, not shop:v4`,
    );
    const { rollout, pods } = await takePicture(this.client, namespace, "shop");
    expectThat(
      isReleased(rollout, "v4"),
      `the rollout isn't at v4: ${rollout.status?.phase} ${rollout.status?.message ?? ""}`,
    );
    const running = pods.filter(isServing).map((pod) => pod.spec.containers[0]?.image);
    expectThat(
      running.length > 0 && running.every((image) => image === "shop:v4"),
      `pods run ${[...new Set(running)].join(", ")}`,
    );
    const lastOfOthers = Math.max(
      0,
      ...Object.entries(report.byVersion)
        .filter(([version]) => version !== "v4")
        .map(([, { lastAt }]) => lastAt ?? 0),
    );
    expectThat((report.byVersion.v4?.lastAt ?? 0) > lastOfOthers, "the last answers didn't come from v4 alone");
    return {
      requests: report.requests,
      failed: report.failed,
      failedByBad,
      servedByBad: hurt?.served ?? 0,
      pushToFirstCanaryMs: times.pushToFirstCanaryMs,
      badToVerdictMs: times.verdict - times.firstBad,
      verdictToZeroMs: Math.max(0, (hurt?.lastAt ?? times.verdict) - times.verdict),
      releases: this.#releases,
      git: { head, revertOf: times.commit },
      problems,
    };
  }
}

const imageOf = (rollout: Rollout): string | undefined => rollout.spec.template?.spec.containers[0]?.image;

function isReleased(rollout: Rollout, version: string): boolean {
  const { status, metadata } = rollout;
  return (
    imageOf(rollout) === `shop:${version}` &&
    status?.observedGeneration === String(metadata.generation) &&
    status.phase === "Healthy" &&
    status.stableRS !== undefined &&
    status.stableRS === status.currentPodHash
  );
}

const isServing = (pod: Pod): boolean =>
  pod.metadata.deletionTimestamp === undefined &&
  (pod.status?.conditions?.some(({ type, status }) => type === "Ready" && status === "True") ?? false);

const secondsSince = (started: number): number => Math.round((Date.now() - started) / 100) / 10;

const pause = (wait: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, wait));

async function runProgram(args: readonly string[]): Promise<void> {
  const child = spawn(process.execPath, [program(), ...args], { stdio: ["ignore", "ignore", "pipe"] });
  let errors = "";
  child.stderr.on("data", (chunk) => {
    errors += String(chunk);
  });
  const code = await new Promise<number | null>((resolve) => child.on("exit", resolve));
  if (code !== 0) throw new Fault("unavailable", `sluice ${args[0]} failed: ${errors.trim() || `exit code ${code}`}`);
}
