import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Application, builtInKinds, type Client, KindRegistry, keyOf, type Resource } from "@sluice/api";
import { ApplicationReconciler, applyManifestsHandler, Loop, ResourceCache, TaskBoard } from "@sluice/controllers";
import {
  type Clock,
  instant,
  type KindKey,
  type ListFilter,
  type Random,
  type Reader,
  type ResourceKey,
  sameJson,
} from "@sluice/kernel";
import { ApplicationRefresher, GitSources } from "@sluice/sources";
import { createStore } from "@sluice/store";
import { openSqlitePersistence } from "../packages/backends/src/embedded/persistence/index.ts";
import type { Row } from "./row.ts";

const applications = 1000;
const resourcesEach = 10;

const clock: Clock = {
  now: () => instant(Date.now()),
  after(wait, task) {
    const timer = setTimeout(task, Math.max(0, wait));
    timer.unref();
    return { cancel: () => clearTimeout(timer) };
  },
};
const random: Random = { next: () => Math.random() };

const git = (cwd: string, ...args: string[]): string =>
  execFileSync("git", ["-c", "user.name=b", "-c", "user.email=b@b", ...args], {
    cwd,
    encoding: "utf8",
    env: { PATH: process.env.PATH, HOME: cwd, GIT_CONFIG_NOSYSTEM: "1" },
    stdio: ["ignore", "pipe", "pipe"],
  }).trim();

/** Nine ConfigMaps and a Service in a folder for each Application. */
const manifest = (name: string, change = ""): string => {
  const maps = Array.from(
    { length: resourcesEach - 1 },
    (_, index) =>
      `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: ${name}-${index}, labels: {app: ${name}}}\ndata:\n  settings: |\n    a=1\n    b=2\n  change: "${change}"\n`,
  );
  const service = `apiVersion: v1\nkind: Service\nmetadata: {name: ${name}}\nspec: {selector: {app: ${name}}, ports: [{port: 80}]}\n`;
  return [...maps, service].join("---\n");
};

function makeRepository(folder: string): { bare: string; work: string } {
  const bare = join(folder, "origin.git");
  const work = join(folder, "work");
  git(folder, "init", "--quiet", "--bare", "--initial-branch=main", bare);
  git(folder, "clone", "--quiet", bare, work);
  git(work, "checkout", "--quiet", "-B", "main");
  for (let index = 0; index < applications; index++) {
    mkdirSync(join(work, `app-${index}`));
    writeFileSync(join(work, `app-${index}`, "all.yaml"), manifest(`app-${index}`));
  }
  git(work, "add", "--all");
  git(work, "commit", "--quiet", "-m", "all");
  git(work, "push", "--quiet", "origin", "main");
  return { bare, work };
}

const application = (index: number, repoURL: string): Application => ({
  apiVersion: "argoproj.io/v1alpha1",
  kind: "Application",
  metadata: { name: `app-${index}`, namespace: "argocd" },
  spec: {
    project: "default",
    source: { repoURL, path: `app-${index}`, targetRevision: "main" },
    destination: { server: "https://kubernetes.default.svc", namespace: "default" },
    syncPolicy: { automated: { prune: true, selfHeal: true } },
  },
});

async function until(isTrue: () => Promise<boolean> | boolean, everyMillis: number, seconds = 180): Promise<void> {
  const deadline = performance.now() + seconds * 1000;
  while (!(await isTrue())) {
    if (performance.now() > deadline) throw new Error("it took too long");
    await new Promise((resolve) => setTimeout(resolve, everyMillis));
  }
}

const cpuSeconds = (since?: NodeJS.CpuUsage): number => {
  const { user, system } = process.cpuUsage(since);
  return (user + system) / 1e6;
};

/** js-yaml and a deep comparison: what nobody can do without who looks at everything anew. */
async function readEverythingAnew(client: Client, repository: string): Promise<number> {
  const { load } = createRequire(import.meta.resolve("@sluice/sources"))("js-yaml") as {
    load: (text: string) => unknown;
  };
  const texts = Array.from({ length: applications }, (_, index) =>
    git(repository, "show", `main:app-${index}/all.yaml`),
  );
  const began = process.cpuUsage();
  for (const text of texts) {
    for (const document of text.split("---\n")) {
      const wanted = load(document) as Resource;
      const live = await client.get({ ...keyOf(wanted), namespace: "default" });
      sameJson(wanted, live);
    }
  }
  return cpuSeconds(began);
}

/** Every Application is observed and planned once more; what is known of the live objects is warm, as in the loop. */
async function fullPass(client: Client, kinds: KindRegistry, tasks: TaskBoard): Promise<number> {
  const cache = new ResourceCache({ client, clock });
  const reader: Reader = {
    get: async <R>(key: ResourceKey) => (await cache.get(key)) as R | undefined,
    list: async <R>(kind: KindKey, filter?: ListFilter) =>
      (await cache.list(kind, filter)) as readonly unknown[] as readonly R[],
    task: (id) => tasks.state(id),
  };
  const effects = { client, tasks, fieldManager: "sluice" };
  const reconciler = new ApplicationReconciler({ effects, kinds: (kind) => kinds.byKind(kind) });
  const { items } = await client.list<Application>({ apiVersion: "argoproj.io/v1alpha1", kind: "Application" });
  let changes = 0;
  const once = async () => {
    for (const item of items) {
      const { actions, status } = reconciler.plan(await reconciler.observe(item, reader), clock.now());
      if (actions.length > 0 || !sameJson(status, item.status)) changes++;
    }
  };
  await once();
  const began = process.cpuUsage();
  await once();
  const seconds = cpuSeconds(began);
  cache.stop();
  if (changes > 0) throw new Error(`${changes} Applications weren't in sync`);
  return seconds;
}

/** 1,000 Applications of 10 resources: a full pass in sync, and one drifted resource among 10,000. */
export async function bench(): Promise<Row[]> {
  const folder = mkdtempSync(join(tmpdir(), "sluice-bench-"));
  const { bare, work } = makeRepository(folder);
  const kinds = new KindRegistry(builtInKinds());
  const store = await createStore({
    kinds,
    clock,
    random,
    schedule: setImmediate,
    namespaces: ["default", "argocd"],
    persistence: openSqlitePersistence(join(folder, "store.db")),
  });
  const { client } = store;
  const sources = new GitSources({ folder: join(folder, "git") });
  const tasks = new TaskBoard(clock, {
    fetchManifests: (task) => sources.fetchManifests(task as never),
    applyManifests: applyManifestsHandler(client),
  });
  let passes = 0;
  const start = () =>
    new Loop({
      client,
      clock,
      tasks,
      fieldManager: "sluice",
      reconcilers: (effects) => [new ApplicationReconciler({ effects, kinds: (kind) => kinds.byKind(kind) })],
      onPass: () => passes++,
    });
  const loop = start();
  await loop.start();
  const refresher = new ApplicationRefresher({ client, sources });
  refresher.start();
  try {
    const rows: Row[] = [];
    const kind = { apiVersion: "argoproj.io/v1alpha1", kind: "Application" };
    const inSync = async (revision?: string) => {
      const { items } = await client.list<Application>(kind);
      return (
        items.length === applications &&
        items.every(
          ({ status }) =>
            status?.sync?.status === "Synced" && (revision === undefined || status.sync.revision === revision),
        )
      );
    };
    let began = performance.now();
    await Promise.all(
      Array.from({ length: applications }, (_, index) => client.create(application(index, `file://${bare}`))),
    );
    await until(() => inSync(), 100);
    rows.push({
      name: "first sync of 1,000 Applications, 10,000 resources",
      value: (performance.now() - began) / 1000,
      unit: "s",
    });
    await new Promise((resolve) => setTimeout(resolve, 1000));

    const anew = await readEverythingAnew(client, bare);
    const pass = await fullPass(client, kinds, tasks);
    rows.push({
      name: "full pass over 1,000 Applications in sync, CPU",
      value: pass,
      unit: "s",
      peer: "parse and compare all of it",
      ratio: pass / anew,
    });

    passes = 0;
    let cpu = process.cpuUsage();
    await new Promise((resolve) => setTimeout(resolve, 10_000));
    rows.push({
      name: "1,000 Applications in sync, idle: CPU in 10 s",
      value: cpuSeconds(cpu),
      unit: `s (${passes} passes)`,
    });

    passes = 0;
    cpu = process.cpuUsage();
    writeFileSync(join(work, "README.md"), "words\n");
    git(work, "add", "--all");
    git(work, "commit", "--quiet", "-m", "docs");
    began = performance.now();
    git(work, "push", "--quiet", "origin", "main");
    const head = git(work, "rev-parse", "HEAD");
    await until(() => inSync(head), 500);
    rows.push({ name: "a push that none of 1,000 Applications is about, CPU", value: cpuSeconds(cpu), unit: "s" });

    const mends: number[] = [];
    for (const index of [123, 456, 789]) {
      const key = { apiVersion: "v1", kind: "ConfigMap", namespace: "default", name: `app-${index}-4` };
      await client.patch(key, { type: "merge", value: { data: { change: "drifted" } } });
      began = performance.now();
      await until(
        async () => ((await client.get(key)) as Resource & { data: { change: string } }).data.change === "",
        0.2,
      );
      mends.push(performance.now() - began);
    }
    rows.push({
      name: "one drifted resource among 10,000, noticed and mended",
      value: Math.max(...mends),
      unit: "ms (worst of 3)",
    });

    writeFileSync(join(work, "app-7", "all.yaml"), manifest("app-7", "pushed"));
    git(work, "commit", "--quiet", "-am", "change one");
    const key = { apiVersion: "v1", kind: "ConfigMap", namespace: "default", name: "app-7-4" };
    git(work, "push", "--quiet", "origin", "main");
    began = performance.now();
    await until(
      async () => ((await client.get(key)) as Resource & { data: { change: string } }).data.change === "pushed",
      1,
    );
    rows.push({
      name: "git push to the changed resource, beside 999 others",
      value: performance.now() - began,
      unit: "ms",
    });
    return rows;
  } finally {
    refresher.stop();
    loop.stop();
    tasks.cancelAll();
    sources.close();
    await store.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}
