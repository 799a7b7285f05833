import { builtInKinds, KindRegistry, type Resource } from "@sluice/api";
import { describe, expect, test } from "vitest";
import { applicationFieldManager } from "../names.ts";
import { diffResource } from "./diff.ts";
import { ignoredPointers, withLiveValues } from "./ignore-differences.ts";

const kinds = new KindRegistry(builtInKinds());
const diff = (desired: object, live: object) =>
  diffResource(desired as Resource, live as Resource, kinds.byKind(desired as Resource)).map(({ path }) => path);

describe("differences", () => {
  const container = { name: "web", image: "shop:v1", ports: [{ containerPort: 80 }] };
  const deployment = (spec: object, meta: object = {}) => ({
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name: "d", ...meta },
    spec,
  });
  const pod = (...containers: object[]) => ({ template: { spec: { containers } } });
  const defaulted = { ...container, imagePullPolicy: "IfNotPresent", ports: [{ containerPort: 80, protocol: "TCP" }] };

  test("defaults and what others added are none", () => {
    expect(
      diff(deployment(pod(container)), deployment({ ...pod(defaulted, { name: "sidecar" }), replicas: 3 })),
    ).toEqual([]);
  });

  test("list items are found by their keys, in any order", () => {
    const other = { name: "b", image: "b:1" };

    expect(diff(deployment(pod(container, other)), deployment(pod(other, { ...defaulted, image: "shop:v2" })))).toEqual(
      ["spec.template.spec.containers[name=web].image"],
    );
  });

  test("amounts are compared as amounts, only where they are amounts", () => {
    const cpu = (value: unknown) => deployment(pod({ name: "c", resources: { requests: { cpu: value } } }));

    expect(diff(cpu("1000m"), cpu("1"))).toEqual([]);
    expect(diff(cpu("1000m"), cpu("2"))).toHaveLength(1);
    expect(diff(deployment({ paused: "1" }), deployment({ paused: "1000m" }))).toHaveLength(1);
  });

  test("a field of ours that git no longer asks for", () => {
    const managedFields = [
      {
        manager: applicationFieldManager,
        operation: "Apply",
        fieldsV1: {
          "f:spec": {
            "f:replicas": {},
            "f:template": {
              "f:spec": { "f:containers": { 'k:{"name":"web"}': { ".": {}, "f:image": {}, "f:command": {} } } },
            },
          },
        },
      },
    ];
    const live = deployment(
      { replicas: 2, ...pod({ ...defaulted, command: ["x"], args: ["not ours"] }) },
      { managedFields },
    );

    expect(diff(deployment(pod(container)), live)).toEqual([
      "spec.replicas",
      "spec.template.spec.containers[name=web].command",
    ]);
  });

  test("empty values are as good as absent ones", () => {
    expect(
      diff(
        deployment({ template: { metadata: { labels: {} }, spec: { volumes: [] } } }),
        deployment({ template: { spec: {} } }),
      ),
    ).toEqual([]);
  });

  test("an empty object may mean something", () => {
    const rollout = (...steps: object[]) => ({
      apiVersion: "argoproj.io/v1alpha1",
      kind: "Rollout",
      metadata: { name: "r" },
      spec: { strategy: { canary: { steps } } },
    });
    const volume = (more: object) => deployment({ template: { spec: { volumes: [{ name: "tmp", ...more }] } } });

    expect(diff(rollout({ setWeight: 20 }, { pause: {} }), rollout({ setWeight: 20 }, { setWeight: 50 }))).toEqual([
      "spec.strategy.canary.steps[1].pause",
      "spec.strategy.canary.steps[1].setWeight",
    ]);
    expect(diff(volume({ emptyDir: {} }), volume({}))).toEqual(["spec.template.spec.volumes[name=tmp].emptyDir"]);
  });

  test("inside an atomic list, what git no longer says is a difference", () => {
    const service = (more: object) => ({
      apiVersion: "networking.istio.io/v1",
      kind: "VirtualService",
      metadata: { name: "v" },
      spec: { hosts: ["x"], http: [{ route: [{ destination: { host: "x" } }], ...more }] },
    });

    expect(diff(service({}), service({ timeout: "5s" }))).toEqual(["spec.http[0].timeout"]);
    expect(diff(service({}), service({}))).toEqual([]);
  });

  test("a map that is one value has nothing beside what git says, another one may", () => {
    const service = (selector: object, labels: object = {}) => ({
      apiVersion: "v1",
      kind: "Service",
      metadata: { name: "s", labels },
      spec: { selector },
    });

    expect(diff(service({ app: "x" }), service({ app: "x", track: "one" }, { a: "b" }))).toEqual([
      "spec.selector.track",
    ]);
    expect(diff(service({ app: "x" }), service({ app: "x" }))).toEqual([]);
  });

  test("a Secret's values never show", () => {
    const secret = (value: string) => ({
      apiVersion: "v1",
      kind: "Secret",
      metadata: { name: "s" },
      data: { password: value },
    });

    const changes = diffResource(
      secret("bmV3") as Resource,
      secret("b2xk") as Resource,
      kinds.byKind({ apiVersion: "v1", kind: "Secret" }),
    );
    const added = diffResource(secret("bmV3") as Resource, undefined, undefined);

    expect(changes).toEqual([{ path: "data.password", live: "++++++++", desired: "+++++++++" }]);
    expect(JSON.stringify(added)).not.toContain("bmV3");
  });

  test("ignored places take their live value, wherever the pointer leads", () => {
    const desired = deployment({ replicas: 1, ...pod(container) }) as unknown as Resource;
    const live = deployment({ replicas: 9, ...pod(defaulted) }) as unknown as Resource;
    const pointers = (jsonPointers: string[]) =>
      ignoredPointers(desired, [{ group: "apps", kind: "Deployment", jsonPointers }]);

    expect(withLiveValues(desired, live, pointers(["/spec/replicas"])).spec).toMatchObject({ replicas: 9 });
    expect(
      withLiveValues(desired, live, pointers(["/spec/nothing/there", "/spec/template/spec/containers/7"])),
    ).toEqual(desired);
    expect(ignoredPointers(desired, [{ group: "", kind: "Deployment", jsonPointers: ["/spec"] }])).toEqual([]);
  });
});
