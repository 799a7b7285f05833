import { at, configMap, configMapKey, deployment, deploymentKey, pod, refusal, type Stories } from "./world.ts";

export const writing: Stories = {
  "a new object gets a uid, a version, a creation time and a generation": async ({ client, namespace, expect }) => {
    const made = await client.create(deployment(namespace, "web"));

    expect(made.metadata.uid).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(made.metadata.resourceVersion).toMatch(/^\d+$/);
    expect(made.metadata.creationTimestamp).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
    expect(made.metadata.generation).toBe(1);
    expect(await client.get(deploymentKey(namespace, "web"))).toEqual(made);
  },

  "a name is taken once, and is the same object's only while it lives": async ({ client, namespace, expect }) => {
    const first = await client.create(configMap(namespace, "a"));

    const again = await refusal(client.create(configMap(namespace, "a")));
    await client.delete(configMapKey(namespace, "a"));
    const second = await client.create(configMap(namespace, "a"));

    expect(again.reason).toBe("AlreadyExists");
    expect(again.message).toBe('configmaps "a" already exists');
    expect(second.metadata.uid === first.metadata.uid).toBe(false);
  },

  "generateName makes a name of its own each time": async ({ client, namespace, expect }) => {
    const make = () => {
      const { name: _, ...metadata } = configMap(namespace, "").metadata;
      return client.create({
        ...configMap(namespace, ""),
        metadata: { ...metadata, generateName: "job-" } as unknown as ReturnType<typeof configMap>["metadata"],
      });
    };

    const names = [(await make()).metadata.name, (await make()).metadata.name];

    for (const name of names) expect(name).toMatch(/^job-[bcdfghjklmnpqrstvwxz2456789]{5}$/);
    expect(names[0] === names[1]).toBe(false);
  },

  "what can't be created is refused: a version, no namespace, a missing namespace": async ({
    client,
    namespace,
    expect,
  }) => {
    const versioned = await refusal(client.create(configMap(namespace, "a", {}, { resourceVersion: "1" })));
    const homeless = await refusal(client.create(configMap(`${namespace}-missing`, "a")));

    expect(versioned.reason).toBe("BadRequest");
    expect(homeless).toMatchObject({ reason: "NotFound", message: `namespaces "${namespace}-missing" not found` });
  },

  "an update from a stale version is a Conflict and changes nothing": async ({ client, namespace, expect }) => {
    const first = await client.create(configMap(namespace, "a", { x: "1" }));
    const second = await client.update({ ...first, data: { x: "2" } });

    const stale = await refusal(client.update({ ...first, data: { x: "3" } }));
    const otherUid = await refusal(
      client.update({ ...second, metadata: { ...second.metadata, uid: "00000000-0000-4000-8000-000000000000" } }),
    );

    expect(stale.reason).toBe("Conflict");
    expect(stale.message).toMatch(/the object has been modified; please apply your changes to the latest version/);
    expect(otherUid.reason).toBe("Conflict");
    expect(await client.get(configMapKey(namespace, "a"))).toEqual(second);
  },

  "an update without a version overwrites; of what isn't there it is NotFound": async ({
    client,
    namespace,
    expect,
  }) => {
    await client.create(configMap(namespace, "a", { x: "1" }));

    const updated = await client.update(configMap(namespace, "a", { y: "2" }));
    const absent = await refusal(client.update(configMap(namespace, "b")));

    expect(updated.data).toEqual({ y: "2" });
    expect(absent).toMatchObject({ reason: "NotFound", message: 'configmaps "b" not found' });
  },

  "an update that changes nothing keeps the version": async ({ client, namespace, expect }) => {
    const made = await client.create(deployment(namespace, "web"));

    const same = await client.update(made);

    expect(same.metadata.resourceVersion).toBe(made.metadata.resourceVersion);
  },

  "the generation counts changes of the spec only": async ({ client, namespace, expect }) => {
    const made = await client.create(deployment(namespace, "web"));

    const labelled = await client.update({ ...made, metadata: { ...made.metadata, labels: { a: "b" } } });
    const scaled = await client.update({ ...labelled, spec: { ...(labelled.spec as object), replicas: 3 } });

    expect([labelled.metadata.generation, scaled.metadata.generation]).toEqual([1, 2]);
  },

  "status is written through its subresource only, and nothing else is": async ({ client, namespace, expect }) => {
    const made = await client.create({ ...deployment(namespace, "web"), status: { replicas: 9 } });
    const both = { ...made, spec: { ...(made.spec as object), replicas: 5 }, status: { replicas: 4 } };

    const byStatus = await client.update(both, { subresource: "status" });
    const byMain = await client.update({ ...byStatus, spec: both.spec, status: { replicas: 7 } });

    expect(at(made, "status", "replicas")).toBe(undefined);
    expect([at(byStatus, "status", "replicas"), at(byStatus, "spec", "replicas")]).toEqual([4, 1]);
    expect([at(byMain, "status", "replicas"), at(byMain, "spec", "replicas")]).toEqual([4, 5]);
    expect([byStatus.metadata.generation, byMain.metadata.generation]).toEqual([1, 2]);
  },

  "a dry run answers like the write, and writes nothing": async ({ client, namespace, expect }) => {
    const made = await client.create(configMap(namespace, "a", { x: "1" }));

    const created = await client.create(configMap(namespace, "b"), { dryRun: true });
    const updated = await client.update({ ...made, data: { x: "2" } }, { dryRun: true });
    const patched = await client.patch(
      configMapKey(namespace, "a"),
      { type: "merge", value: { data: { x: "3" } } },
      { dryRun: true },
    );
    await client.delete(configMapKey(namespace, "a"), { dryRun: true });
    const taken = await refusal(client.create(configMap(namespace, "a"), { dryRun: true }));

    expect(created.metadata.name).toBe("b");
    expect([updated.data.x, at(patched, "data", "x")]).toEqual(["2", "3"]);
    expect(taken.reason).toBe("AlreadyExists");
    expect(await client.get(configMapKey(namespace, "b"))).toBe(undefined);
    expect(await client.get(configMapKey(namespace, "a"))).toEqual(made);
  },

  "what the schema doesn't allow is refused with its path": async ({ client, namespace, expect }) => {
    const wrongType = await refusal(client.create(deployment(namespace, "web", { replicas: "many" })));

    expect(wrongType.reason).toBe("Invalid");
    expect(wrongType.paths).toEqual(["spec.replicas"]);
  },

  "an unknown field is refused; under Warn and Ignore it is left out": async ({ client, namespace, expect }) => {
    const object = deployment(namespace, "web", { replica: 3 });

    const strict = await refusal(client.create(object));
    const warnings: string[] = [];
    const warned = await client.create(object, { fieldValidation: "Warn", onWarning: (text) => warnings.push(text) });

    expect(strict.message).toMatch(/spec\.replica\b/);
    expect(at(warned, "spec", "replica")).toBe(undefined);
    expect(warnings.length).toBe(1);
    expect(warnings[0]).toMatch(/spec\.replica\b/);
  },

  "each writer owns the fields it set": async ({ client, namespace, expect }) => {
    const made = await client.create(configMap(namespace, "a", { x: "1", y: "1" }), { fieldManager: "maker" });
    const changed = await client.update({ ...made, data: { x: "2", y: "1" } }, { fieldManager: "changer" });

    const owners = (changed.metadata.managedFields ?? []).map(({ manager, operation, fieldsV1 }) => [
      manager,
      operation,
      Object.keys((at(fieldsV1, "f:data") ?? {}) as object).filter((key) => key !== "."),
    ]);
    expect(owners.toSorted()).toEqual([
      ["changer", "Update", ["f:x"]],
      ["maker", "Update", ["f:y"]],
    ]);
  },

  "of many writers only the latest are told apart": async ({ client, namespace, expect }) => {
    const key = configMapKey(namespace, "a");
    await client.create(configMap(namespace, "a"));

    for (let index = 0; index < 30; index++) {
      const patch = { type: "merge", value: { data: { [`x-${index}`]: "1" } } } as const;
      await client.patch(key, patch, { fieldManager: `writer-${index}` });
    }

    const found = await client.get(key);
    const managers = found?.metadata.managedFields?.map(({ manager }) => manager) ?? [];
    expect(managers.length).toBe(10);
    expect([managers.includes("ancient-changes"), managers.includes("writer-29")]).toEqual([true, true]);
  },

  "a Pod begins pending": async ({ client, namespace, expect }) => {
    const made = await client.create(pod(namespace, "web"));

    expect(at(made, "status", "phase")).toBe("Pending");
  },
};
