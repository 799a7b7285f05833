import type { Column, KindDefinition, Resource } from "@sluice/api";
import { kindKey } from "@sluice/api";
import { Fault } from "@sluice/kernel";
import { stringify } from "yaml";
import { connect } from "../connection.ts";
import { ageOf } from "../terminal/age.ts";
import { paintState } from "../terminal/style.ts";
import { renderTable } from "../terminal/table.ts";
import { findKinds, servedKinds } from "./kinds.ts";
import type { CommandOptions } from "./options.ts";

export interface GetOptions extends CommandOptions {
  readonly output?: string;
  readonly selector?: string;
  readonly allNamespaces?: boolean;
  readonly watch?: boolean;
}

interface Found {
  readonly definition: KindDefinition;
  readonly items: readonly Resource[];
  /** Of the list: a watch from here misses nothing. The items' own may be older than what the store remembers. */
  readonly resourceVersion: string;
}

/** `sluice get KIND [NAME…]`: for people without kubectl. */
export async function get(kindText: string, names: readonly string[], options: GetOptions): Promise<void> {
  const format = options.json ? "json" : (options.output ?? "table");
  if (!["table", "wide", "json", "yaml", "name"].includes(format)) {
    throw new Fault("invalid", `-o ${format}: there are wide, json, yaml and name`);
  }
  const { client, namespace, close } = await connect(options);
  try {
    const registry = await servedKinds(client);
    const [kindsPart = "", inlineName] = kindText.split("/");
    const wantedNames = inlineName === undefined ? names : [inlineName];
    const definitions = kindsPart.split(",").flatMap((text) => findKinds(registry, text));
    const found: Found[] = [];
    const selected = options.selector === undefined ? {} : { labelSelector: options.selector };
    for (const definition of definitions) {
      const scope = definition.namespaced && !options.allNamespaces ? { namespace } : {};
      const { items, resourceVersion } = await client.list(kindKey(definition), { ...scope, ...selected });
      const chosen =
        wantedNames.length === 0 ? items : items.filter((item) => wantedNames.includes(item.metadata.name));
      const missing = wantedNames.filter((name) => !chosen.some((item) => item.metadata.name === name));
      if (missing.length > 0 && definitions.length === 1) {
        throw new Fault(
          "invalid",
          `no ${definition.singular} ${missing.join(", ")}${definition.namespaced ? ` in namespace ${namespace}` : ""}`,
        );
      }
      found.push({ definition, items: chosen, resourceVersion });
    }
    print(found, format, wantedNames.length === 1, options.allNamespaces ?? false);
    if (options.watch) {
      const only = definitions[0];
      if (only === undefined || definitions.length > 1) throw new Fault("invalid", "-w watches one kind");
      const scope = only.namespaced && !options.allNamespaces ? { namespace } : {};
      const { resourceVersion = "" } = found[0] ?? {};
      for await (const event of client.watch(kindKey(only), { ...scope, ...selected, resourceVersion })) {
        if (event.type === "BOOKMARK") continue;
        if (wantedNames.length > 0 && !wantedNames.includes(event.object.metadata.name)) continue;
        print(
          [{ definition: only, items: [event.object], resourceVersion }],
          format,
          true,
          options.allNamespaces ?? false,
          false,
        );
      }
    }
  } finally {
    await close();
  }
}

function print(
  found: readonly Found[],
  format: string,
  isSingle: boolean,
  showNamespace: boolean,
  showHeader = true,
): void {
  const items = found.flatMap((entry) => entry.items.map(withoutManagedFields));
  if (format === "json" || format === "yaml") {
    const shown = isSingle && items.length === 1 ? items[0] : { apiVersion: "v1", kind: "List", items };
    console.log(format === "json" ? JSON.stringify(shown, null, 2) : stringify(shown));
    return;
  }
  if (format === "name") {
    for (const { definition, items: some } of found)
      for (const item of some) console.log(`${definition.singular}/${item.metadata.name}`);
    return;
  }
  const shown = found.filter((entry) => entry.items.length > 0);
  if (shown.length === 0 && showHeader) console.log("nothing found");
  shown.forEach(({ definition, items: some }, index) => {
    if (index > 0) console.log();
    const columns = columnsOf(definition).filter((column) => format === "wide" || (column.priority ?? 0) === 0);
    const headers = [...(showNamespace ? ["NAMESPACE"] : []), ...columns.map(({ name }) => name.toUpperCase())];
    // Of several tables, each row says its kind.
    const prefix = shown.length > 1 ? `${definition.singular}/` : "";
    const rows = some.map((item) => [
      ...(showNamespace ? [item.metadata.namespace ?? ""] : []),
      ...columns.map((column, place) => `${place === 0 ? prefix : ""}${cellOf(column, item)}`),
    ]);
    const table = renderTable(headers, rows);
    console.log(showHeader ? table : table.slice(table.indexOf("\n") + 1));
  });
}

/** As kubectl: who owns which field is no reading for people. */
function withoutManagedFields(item: Resource): Resource {
  const { managedFields: _, ...metadata } = item.metadata;
  return { ...item, metadata };
}

const columnsOf = (definition: KindDefinition): readonly Column[] =>
  definition.columns ?? [
    { name: "Name", type: "string", cell: (item) => item.metadata.name },
    { name: "Age", type: "string", cell: (item, now) => ageOf(item.metadata.creationTimestamp, now) },
  ];

const cellOf = (column: Column, item: Resource): string => {
  const cell = column.cell?.(item, Date.now());
  return cell === undefined ? "" : paintState(String(cell));
};
