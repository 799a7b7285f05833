import { kindKey, type Resource } from "@sluice/api";
import { Fault } from "@sluice/kernel";
import { connect } from "../connection.ts";
import { readManifests } from "../manifests.ts";
import { PartlyDone } from "../terminal/failure.ts";
import { withNamespace } from "./apply.ts";
import { findKinds, servedKinds } from "./kinds.ts";
import type { CommandOptions } from "./options.ts";

/** `sluice delete KIND NAME…` or `sluice delete -f …`. */
export async function remove(
  kindText: string | undefined,
  names: readonly string[],
  options: CommandOptions & { readonly filename?: readonly string[] },
): Promise<void> {
  const manifests = options.filename === undefined ? [] : await readManifests(options.filename);
  const { client, namespace, close } = await connect(options);
  try {
    const keys = manifests.map(({ resource }) => keyIn(withNamespace(resource, namespace)));
    if (kindText !== undefined) {
      const [kind = "", inlineName] = kindText.split("/");
      const [definition] = findKinds(await servedKinds(client), kind);
      const wanted = inlineName === undefined ? names : [inlineName];
      if (definition === undefined || wanted.length === 0)
        throw new Fault("invalid", "which one? sluice delete KIND NAME");
      for (const name of wanted)
        keys.push({ ...kindKey(definition), ...(definition.namespaced ? { namespace } : {}), name });
    }
    if (keys.length === 0) throw new Fault("invalid", "name what to delete: sluice delete KIND NAME, or -f FILE");
    const deleted: string[] = [];
    const missing: string[] = [];
    for (const key of keys) {
      const gone = await client.delete(key, { propagationPolicy: "Background" });
      (gone === undefined ? missing : deleted).push(`${key.kind.toLowerCase()}/${key.name}`);
    }
    if (!options.json) for (const name of deleted) console.log(`${name} deleted`);
    if (missing.length > 0) {
      throw new PartlyDone(new Fault("invalid", `not found: ${missing.join(", ")}`), { deleted, missing });
    }
    if (options.json) console.log(JSON.stringify({ deleted, missing }));
  } finally {
    await close();
  }
}

const keyIn = ({ apiVersion, kind, metadata }: Resource) => ({
  apiVersion,
  kind,
  name: metadata.name,
  ...(metadata.namespace === undefined ? {} : { namespace: metadata.namespace }),
});
