import { configMap, configMapKey, configMaps, refusal, type Stories } from "./world.ts";

export const reading: Stories = {
  "what isn't there is undefined, a kind that isn't served is NotFound": async ({ client, namespace, expect }) => {
    const absent = await client.get(configMapKey(namespace, "nobody"));
    const unknown = await refusal(client.list({ apiVersion: "nowhere.example/v1", kind: "Nothing" }));

    expect(absent).toBe(undefined);
    expect(unknown.reason).toBe("NotFound");
  },

  "a list is sorted by name and holds its namespace only": async ({ client, namespace, expect }) => {
    for (const name of ["b", "a-1", "a", "c"]) await client.create(configMap(namespace, name));

    const list = await client.list(configMaps, { namespace });

    expect(list.items.map((item) => item.metadata.name)).toEqual(["a", "a-1", "b", "c"]);
    const elsewhere = await client.list(configMaps, { namespace: `${namespace}-elsewhere` });
    expect(elsewhere.items).toEqual([]);
  },

  "a list over all namespaces is sorted by namespace, then name": async ({ client, namespace, expect }) => {
    const second = `${namespace}-b`;
    await client.create({ apiVersion: "v1", kind: "Namespace", metadata: { name: second } });
    await client.create(configMap(second, "a"));
    await client.create(configMap(namespace, "z"));

    const list = await client.list(configMaps);

    const names = list.items
      .filter((item) => item.metadata.namespace?.startsWith(namespace))
      .map((item) => `${item.metadata.namespace}/${item.metadata.name}`);
    expect(names.filter((name) => /\/[az]$/.test(name))).toEqual([`${namespace}/z`, `${second}/a`]);
  },

  "label selectors choose by equality, sets and existence": async ({ client, namespace, expect }) => {
    await client.create(configMap(namespace, "web", {}, { labels: { app: "shop", tier: "web" } }));
    await client.create(configMap(namespace, "api", {}, { labels: { app: "shop", tier: "api" } }));
    await client.create(configMap(namespace, "bare"));
    const chosen = async (labelSelector: string) =>
      (await client.list(configMaps, { namespace, labelSelector })).items.map((item) => item.metadata.name).join(" ");

    expect(await chosen("app=shop")).toBe("api web");
    expect(await chosen("app==shop,tier!=web")).toBe("api");
    expect(await chosen("tier in (web, db)")).toBe("web");
    expect(await chosen("tier notin (web)")).toBe("api bare");
    expect(await chosen("tier")).toBe("api web");
    expect(await chosen("!tier")).toBe("bare");
    expect(await chosen("")).toBe("api bare web");
    expect((await refusal(client.list(configMaps, { namespace, labelSelector: "app in" }))).reason).toBe("BadRequest");
  },

  "field selectors choose by name; a field that isn't offered is refused": async ({ client, namespace, expect }) => {
    await client.create(configMap(namespace, "a"));
    await client.create(configMap(namespace, "ab"));
    const chosen = async (fieldSelector: string) =>
      (await client.list(configMaps, { namespace, fieldSelector })).items.map((item) => item.metadata.name).join(" ");

    expect(await chosen("metadata.name=a")).toBe("a");
    expect(await chosen("metadata.name!=a")).toBe("ab");
    expect(await chosen(`metadata.namespace=${namespace}`)).toBe("a ab");
    expect((await refusal(client.list(configMaps, { namespace, fieldSelector: "data.x=1" }))).reason).toBe(
      "BadRequest",
    );
  },

  "pages read one snapshot, whatever happens between them": async ({ client, namespace, expect }) => {
    for (const name of ["a", "b", "c", "d", "e"]) await client.create(configMap(namespace, name));

    const first = await client.list(configMaps, { namespace, limit: 2 });
    await client.delete(configMapKey(namespace, "c"));
    await client.create(configMap(namespace, "bb"));
    await client.patch(configMapKey(namespace, "d"), { type: "merge", value: { data: { late: "yes" } } });
    const second = await client.list(configMaps, { namespace, limit: 2, continue: first.continue ?? "" });
    const third = await client.list(configMaps, { namespace, limit: 2, continue: second.continue ?? "" });

    expect(first.remainingItemCount).toBe(3);
    const items = [first, second, third].flatMap((page) => page.items);
    expect(items.map((item) => item.metadata.name)).toEqual(["a", "b", "c", "d", "e"]);
    expect(items.filter((item) => "late" in ((item as { data?: object }).data ?? {})).length).toBe(0);
    expect([second.resourceVersion, third.resourceVersion]).toEqual([first.resourceVersion, first.resourceVersion]);
    expect(third.continue).toBe(undefined);
    expect((await refusal(client.list(configMaps, { namespace, continue: "nonsense" }))).reason).toBe("BadRequest");
  },
};
