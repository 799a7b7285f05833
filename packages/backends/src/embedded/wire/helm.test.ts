import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { builtInKinds, type Resource } from "@sluice/api";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { helmPath, run } from "../../../../../test/kubectl.ts";
import { type WireWorld, wireWorld } from "./wire-world.fixture.ts";

const chart = {
  "Chart.yaml": "apiVersion: v2\nname: shop\nversion: 0.1.0\nkubeVersion: '>=1.28.0-0'\n",
  "values.yaml": "greeting: hello\nreplicas: 1\n",
  "templates/config.yaml": `
apiVersion: v1
kind: ConfigMap
metadata: {name: {{ .Release.Name }}-config}
data: {greeting: {{ .Values.greeting }}, clusterHasRollouts: "{{ .Capabilities.APIVersions.Has "argoproj.io/v1alpha1" }}"}
`,
  "templates/deployment.yaml": `
apiVersion: apps/v1
kind: Deployment
metadata: {name: {{ .Release.Name }}}
spec:
  replicas: {{ .Values.replicas }}
  selector: {matchLabels: {app: shop}}
  template:
    metadata: {labels: {app: shop}}
    spec: {containers: [{name: web, image: "shop:v1"}]}
`,
};

describe.each([
  ["3.17", "1.31"],
  ["4.1", "1.35"],
] as const)("Helm %s", (_, kubectlVersion) => {
  let world: WireWorld;
  let folder: string;

  beforeAll(async () => {
    world = await wireWorld(builtInKinds());
    folder = await mkdtemp(join(tmpdir(), "sluice-helm-"));
    await mkdir(join(folder, "templates"));
    for (const [path, text] of Object.entries(chart)) await writeFile(join(folder, path), text.trimStart());
  });
  afterAll(async () => {
    await world?.close();
    await rm(folder, { recursive: true, force: true });
  });

  const helm = async (...parameters: readonly string[]): Promise<string> => {
    const env = {
      KUBECONFIG: world.kubeconfig,
      HELM_CACHE_HOME: join(folder, ".cache"),
      HELM_CONFIG_HOME: join(folder, ".config"),
      HELM_DATA_HOME: join(folder, ".data"),
    };
    const { code, stdout, stderr } = await run(helmPath(kubectlVersion), parameters, { env, timeoutMillis: 60_000 });
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    return stdout;
  };
  const get = <R extends Resource>(apiVersion: string, kind: string, name: string) =>
    world.store.get<R & { data?: Record<string, string>; spec?: { replicas?: number } }>({
      apiVersion,
      kind,
      namespace: "shop",
      name,
    });

  test("install, upgrade, rollback, uninstall", async () => {
    await helm("install", "shop", folder, "--namespace", "shop", "--create-namespace");
    expect((await get("v1", "ConfigMap", "shop-config"))?.data).toEqual({
      greeting: "hello",
      clusterHasRollouts: "true",
    });

    await helm("upgrade", "shop", folder, "--namespace", "shop", "--set", "greeting=hi,replicas=3");
    expect((await get("v1", "ConfigMap", "shop-config"))?.data?.greeting).toBe("hi");
    expect((await get("apps/v1", "Deployment", "shop"))?.spec?.replicas).toBe(3);

    await helm("rollback", "shop", "1", "--namespace", "shop");
    expect((await get("v1", "ConfigMap", "shop-config"))?.data?.greeting).toBe("hello");
    expect((await get("apps/v1", "Deployment", "shop"))?.spec?.replicas).toBe(1);
    expect(await helm("history", "shop", "--namespace", "shop")).toMatch(/3\s.*Rollback to 1/);
    expect(await helm("list", "--namespace", "shop")).toMatch(/shop\s+shop\s+3/);

    await helm("uninstall", "shop", "--namespace", "shop");
    expect(await get("apps/v1", "Deployment", "shop")).toBeUndefined();
    expect(await get("v1", "ConfigMap", "shop-config")).toBeUndefined();
  });
});
