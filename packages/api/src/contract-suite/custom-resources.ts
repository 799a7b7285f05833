import type { Resource } from "../contract/resource.ts";
import { at, refusal, type Scene, type Stories } from "./world.ts";

const crds = { apiVersion: "apiextensions.k8s.io/v1", kind: "CustomResourceDefinition" } as const;

/** A kind of this scene's own: the definitions of a shared world must not meet. */
function kindOf(namespace: string) {
  const group = `${namespace}.example.com`;
  return { group, plural: "widgets", name: `widgets.${group}`, kind: { apiVersion: `${group}/v1`, kind: "Widget" } };
}

function definition(namespace: string): Resource {
  const { group, plural, name } = kindOf(namespace);
  return {
    ...crds,
    metadata: { name },
    spec: {
      group,
      scope: "Namespaced",
      names: { plural, singular: "widget", kind: "Widget", listKind: "WidgetList" },
      versions: [
        {
          name: "v1",
          served: true,
          storage: true,
          subresources: { status: {} },
          schema: {
            openAPIV3Schema: {
              type: "object",
              properties: {
                spec: {
                  type: "object",
                  required: ["size"],
                  properties: {
                    size: { type: "integer", minimum: 1 },
                    colour: { type: "string", default: "grey" },
                  },
                },
                status: { type: "object", properties: { ready: { type: "boolean" } } },
              },
            },
          },
        },
      ],
    },
  };
}

async function established({ client, namespace, eventually }: Scene): Promise<void> {
  await client.create(definition(namespace));
  await eventually(async () => {
    const found = await client.get({ ...crds, name: kindOf(namespace).name });
    const conditions = (at(found, "status", "conditions") ?? []) as { type: string; status: string }[];
    return conditions.find(({ type, status }) => type === "Established" && status === "True");
  });
}

export const customResources: Stories = {
  "a definition makes its kind, and its schema is enforced": async (scene) => {
    const { client, namespace, expect } = scene;
    const { kind } = kindOf(namespace);
    const widget = (name: string, spec: object): Resource => ({ ...kind, metadata: { name, namespace }, spec });
    const before = await refusal(client.list(kind));

    await established(scene);
    const made = await client.create(widget("a", { size: 2 }));
    const small = await refusal(client.create(widget("b", { size: 0 })));
    const sizeless = await refusal(client.create(widget("b", {})));

    expect(before.reason).toBe("NotFound");
    expect(at(made, "spec")).toEqual({ size: 2, colour: "grey" });
    expect([small.reason, small.paths]).toEqual(["Invalid", ["spec.size"]]);
    expect([sizeless.reason, sizeless.paths]).toEqual(["Invalid", ["spec.size"]]);
    await client.delete({ ...crds, name: kindOf(namespace).name });
  },

  "a definition takes its objects with it": async (scene) => {
    const { client, namespace, expect, eventually } = scene;
    const { kind, name } = kindOf(namespace);
    await established(scene);
    await client.create({ ...kind, metadata: { name: "a", namespace }, spec: { size: 1 } } as Resource);

    await client.delete({ ...crds, name });
    await eventually(async () => ((await client.get({ ...crds, name })) === undefined ? true : undefined));
    const after = await refusal(client.list(kind));
    await established(scene);
    const list = await client.list(kind);

    expect(after.reason).toBe("NotFound");
    expect(list.items).toEqual([]);
    await client.delete({ ...crds, name });
  },
};
