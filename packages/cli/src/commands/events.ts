import type { Event } from "@sluice/api";
import { connect } from "../connection.ts";
import { ageOf } from "../terminal/age.ts";
import { paint } from "../terminal/style.ts";
import { renderTable } from "../terminal/table.ts";
import type { CommandOptions } from "./options.ts";

const kind = { apiVersion: "v1", kind: "Event" } as const;

/** `sluice events [--for KIND/NAME] [--watch]`: what happened, oldest first. */
export async function events(
  options: CommandOptions & { readonly for?: string; readonly allNamespaces?: boolean; readonly watch?: boolean },
): Promise<void> {
  const { client, namespace, close } = await connect(options);
  const [forKind, forName] = options.for?.toLowerCase().split("/") ?? [];
  const fits = ({ involvedObject }: Event) =>
    options.for === undefined ||
    (forName === undefined
      ? involvedObject.name === forKind
      : involvedObject.name === forName && (involvedObject.kind ?? "").toLowerCase().startsWith(forKind ?? ""));
  const scope = options.allNamespaces ? {} : { namespace };
  try {
    const { items, resourceVersion } = await client.list<Event>(kind, scope);
    const shown = items.filter(fits).sort((a, b) => timeOf(a) - timeOf(b));
    if (options.json) console.log(JSON.stringify(shown));
    else if (shown.length === 0) console.log("no events");
    else console.log(renderTable(["LAST SEEN", "TYPE", "REASON", "OBJECT", "MESSAGE"], shown.map(rowOf)));
    if (!options.watch) return;
    for await (const event of client.watch<Event>(kind, { ...scope, resourceVersion })) {
      if (event.type === "BOOKMARK" || event.type === "DELETED" || !fits(event.object)) continue;
      console.log(options.json ? JSON.stringify(event.object) : rowOf(event.object).join("   "));
    }
  } finally {
    await close();
  }
}

const timeOf = (event: Event): number => Date.parse(event.lastTimestamp ?? event.metadata.creationTimestamp ?? "");

const rowOf = (event: Event): string[] => [
  ageOf(event.lastTimestamp ?? event.metadata.creationTimestamp),
  event.type === "Warning" ? paint("yellow", event.type) : (event.type ?? ""),
  event.reason ?? "",
  `${(event.involvedObject.kind ?? "").toLowerCase()}/${event.involvedObject.name ?? ""}`,
  `${event.message ?? ""}${(event.count ?? 1) > 1 ? paint("dim", ` (x${event.count})`) : ""}`,
];
