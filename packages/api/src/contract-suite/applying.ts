import type { Client } from "../contract/client.ts";
import type { Resource } from "../contract/resource.ts";
import {
  at,
  configMap,
  configMapKey,
  configMaps,
  deployment,
  deploymentKey,
  deployments,
  refusal,
  type Stories,
} from "./world.ts";

const applyConfigMap = (
  client: Client,
  namespace: string,
  manager: string,
  data: Readonly<Record<string, string>>,
  force = false,
): Promise<Resource> =>
  client.patch(
    configMapKey(namespace, "a"),
    { type: "apply", value: { ...configMaps, metadata: { name: "a", namespace }, data }, force },
    { fieldManager: manager },
  );

const ownersOf = (object: Resource, ...path: readonly string[]): readonly string[] =>
  (object.metadata.managedFields ?? [])
    .filter(({ fieldsV1 }) => at(fieldsV1, ...path) !== undefined)
    .map(({ manager, operation }) => `${manager} ${operation}`)
    .toSorted();

export const applying: Stories = {
  "apply creates what isn't there, and the manager owns what it said": async ({ client, namespace, expect }) => {
    const made = await applyConfigMap(client, namespace, "one", { x: "1" });

    expect(at(made, "data")).toEqual({ x: "1" });
    expect(made.metadata.managedFields).toMatchObject([
      {
        manager: "one",
        operation: "Apply",
        apiVersion: "v1",
        fieldsType: "FieldsV1",
        fieldsV1: { "f:data": { "f:x": {} } },
      },
    ]);
  },

  "apply without a manager is refused": async ({ client, namespace, expect }) => {
    const value = { ...configMaps, metadata: { name: "a", namespace } };

    const refused = await refusal(client.patch(configMapKey(namespace, "a"), { type: "apply", value }));

    expect(refused.reason).toBe("BadRequest");
  },

  "applying the same again changes nothing": async ({ client, namespace, expect }) => {
    const first = await applyConfigMap(client, namespace, "one", { x: "1" });
    const again = await applyConfigMap(client, namespace, "one", { x: "1" });

    expect(again).toEqual(first);
  },

  "what a manager no longer applies goes, unless another holds it": async ({ client, namespace, expect }) => {
    await applyConfigMap(client, namespace, "one", { x: "1", y: "1", shared: "1" });
    await applyConfigMap(client, namespace, "two", { shared: "1", z: "1" });

    const less = await applyConfigMap(client, namespace, "one", { x: "1" });

    expect(at(less, "data")).toEqual({ x: "1", shared: "1", z: "1" });
    expect(ownersOf(less, "f:data", "f:shared")).toEqual(["two Apply"]);
  },

  "another manager's field with another value is a conflict that names both": async ({ client, namespace, expect }) => {
    const first = await applyConfigMap(client, namespace, "one", { x: "1", y: "1" });

    const conflict = await refusal(applyConfigMap(client, namespace, "two", { x: "2", y: "1" }));

    expect(conflict.reason).toBe("Conflict");
    expect(conflict.message).toMatch(/^Apply failed with 1 conflict: conflict with "one".*: \.data\.x$/);
    expect(conflict.paths).toEqual([".data.x"]);
    expect(await client.get(configMapKey(namespace, "a"))).toEqual(first);
  },

  "force takes the field over": async ({ client, namespace, expect }) => {
    await applyConfigMap(client, namespace, "one", { x: "1", y: "1" });

    const taken = await applyConfigMap(client, namespace, "two", { x: "2" }, true);

    expect(at(taken, "data")).toEqual({ x: "2", y: "1" });
    expect(ownersOf(taken, "f:data", "f:x")).toEqual(["two Apply"]);
    expect(ownersOf(taken, "f:data", "f:y")).toEqual(["one Apply"]);
  },

  "an update takes a field from its applier, who then meets the conflict": async ({ client, namespace, expect }) => {
    const made = await applyConfigMap(client, namespace, "one", { x: "1" });

    await client.update({ ...made, data: { x: "2" } } as Resource, { fieldManager: "hand" });
    const conflict = await refusal(applyConfigMap(client, namespace, "one", { x: "1" }));

    expect(conflict.message).toMatch(/conflict with "hand"/);
  },

  "keyed lists merge item by item, each with its owner": async ({ client, namespace, expect }) => {
    const apply = (manager: string, containers: readonly object[]) =>
      client.patch(
        deploymentKey(namespace, "web"),
        {
          type: "apply",
          value: {
            ...deployments,
            metadata: { name: "web", namespace },
            spec: {
              selector: { matchLabels: { app: "web" } },
              template: { metadata: { labels: { app: "web" } }, spec: { containers } },
            },
          },
        },
        { fieldManager: manager },
      );
    const names = (object: Resource) =>
      (at(object, "spec", "template", "spec", "containers") as { name: string; image: string }[])
        .map(({ name, image }) => `${name}=${image}`)
        .toSorted();

    await apply("one", [
      { name: "web", image: "web:1" },
      { name: "extra", image: "extra:1" },
    ]);
    const both = await apply("two", [{ name: "side", image: "side:1" }]);
    const fewer = await apply("one", [{ name: "web", image: "web:2" }]);

    expect(names(both)).toEqual(["extra=extra:1", "side=side:1", "web=web:1"]);
    expect(names(fewer)).toEqual(["side=side:1", "web=web:2"]);
    expect(ownersOf(fewer, "f:spec", "f:template", "f:spec", "f:containers", 'k:{"name":"side"}', "f:image")).toEqual([
      "two Apply",
    ]);
  },

  "status is applied through its subresource alone": async ({ client, namespace, expect }) => {
    const key = deploymentKey(namespace, "web");
    await client.create(deployment(namespace, "web"));
    const value = {
      ...deployments,
      metadata: { name: "web", namespace },
      spec: { replicas: 7 },
      status: { replicas: 3 },
    };

    const applied = await client.patch(key, { type: "apply", value }, { fieldManager: "one", subresource: "status" });

    expect([at(applied, "spec", "replicas"), at(applied, "status", "replicas")]).toEqual([1, 3]);
    const entry = applied.metadata.managedFields?.find(({ manager }) => manager === "one");
    expect(entry).toMatchObject({ subresource: "status", fieldsV1: { "f:status": { "f:replicas": {} } } });
  },

  "what kubectl applied on the client's side becomes its own to remove": async ({ client, namespace, expect }) => {
    await client.create(configMap(namespace, "a", { x: "1", y: "1" }), { fieldManager: "kubectl-client-side-apply" });

    const applied = await applyConfigMap(client, namespace, "kubectl", { x: "2" });

    expect(at(applied, "data")).toEqual({ x: "2" });
    expect(ownersOf(applied, "f:data", "f:x")).toEqual(["kubectl Apply"]);
  },
};
