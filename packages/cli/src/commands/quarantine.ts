import type { Quarantine } from "@sluice/api";
import { isLifted } from "@sluice/api/release";
import { Fault } from "@sluice/kernel";
import { connect } from "../connection.ts";
import { whoAsks } from "../release/person.ts";
import { ageOf } from "../terminal/age.ts";
import { renderTable } from "../terminal/table.ts";
import type { CommandOptions } from "./options.ts";

const kind = { apiVersion: "sluice.dev/v1alpha1", kind: "Quarantine" } as const;

/** `sluice quarantine list`: the versions that get no traffic, and what git says of them. */
export async function listQuarantines(options: CommandOptions & { readonly allNamespaces?: boolean }): Promise<void> {
  const { client, namespace, close } = await connect(options);
  try {
    const { items } = await client.list<Quarantine>(
      kind,
      options.allNamespaces || options.namespace === undefined ? {} : { namespace },
    );
    if (options.json) return console.log(JSON.stringify(items));
    if (items.length === 0) return console.log("no version is quarantined");
    const rows = items.map((item) => [
      item.metadata.namespace ?? "",
      item.metadata.name,
      `${item.spec.workload.kind.toLowerCase()}/${item.spec.workload.name}`,
      item.spec.images.join(","),
      isLifted(item) ? `lifted by ${item.spec.liftedBy || "somebody"}` : "held",
      item.status?.gitRevert?.phase ?? "",
      ageOf(item.metadata.creationTimestamp),
      item.spec.reason,
    ]);
    console.log(renderTable(["NAMESPACE", "NAME", "WORKLOAD", "IMAGES", "STATE", "GIT", "AGE", "REASON"], rows));
  } finally {
    await close();
  }
}

/** `sluice quarantine lift NAME`: lets the version have traffic again, in the name of the person who says so. */
export async function liftQuarantine(name: string, options: CommandOptions): Promise<void> {
  const { client, close } = await connect(options);
  try {
    const { items } = await client.list<Quarantine>(
      kind,
      options.namespace === undefined ? {} : { namespace: options.namespace },
    );
    const found = items.filter((item) => item.metadata.name === name);
    const [quarantine] = found;
    if (quarantine === undefined) throw new Fault("invalid", `no quarantine ${name}; see sluice quarantine list`);
    if (found.length > 1) throw new Fault("invalid", `${name} is in several namespaces: say which with -n`);
    const by = whoAsks();
    const key = { ...kind, name, namespace: quarantine.metadata.namespace ?? "default" };
    await client.patch(key, { type: "merge", value: { spec: { liftedBy: by } } }, { fieldManager: "sluice-cli" });
    if (options.json) console.log(JSON.stringify({ lifted: name, by }));
    else console.log(liftedWords(quarantine, by));
  } finally {
    await close();
  }
}

/** A version that was asked for again while it was held begins by itself; one that was only taken back waits for a word. */
function liftedWords({ metadata, spec }: Quarantine, by: string): string {
  const { kind: workloadKind, name } = spec.workload;
  const then =
    workloadKind === "Rollout"
      ? `\nWhere git or a person asked for it since, it begins by itself; else: sluice rollout retry ${name} -n ${spec.namespace}`
      : "";
  return `${metadata.name} lifted by ${by}: ${spec.images.join(", ")} may have traffic again${then}`;
}
