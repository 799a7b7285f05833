import { type Client, hasReason, type RouteTable as RouteTableResource } from "@sluice/api";
import { partName, routeTableKey } from "@sluice/backends/embedded";
import { toFault } from "@sluice/kernel";
import { type RouteTable, TableAssembler, type TableHead, type TablePart } from "@sluice/router";
import { saveTable } from "@sluice/router/node";

export interface FollowRoutesOptions {
  readonly client: Client;
  readonly apply: (table: RouteTable) => void;
  /** Where the table lies for a start without a control plane. */
  readonly file: string;
  readonly log: (line: string) => void;
}

/** Applies each new table the moment all of it is announced, then stores it. While the API is away the last one stays. */
export function followRoutes({ client, apply, file, log }: FollowRoutesOptions): () => void {
  let isStopped = false;
  let isSaving = false;
  let unsaved: RouteTable | undefined;
  let stopWatch = () => {};
  const assembler = new TableAssembler();

  const save = (table: RouteTable): void => {
    unsaved = table;
    if (isSaving) return;
    isSaving = true;
    void (async () => {
      while (unsaved !== undefined) {
        const next = unsaved;
        unsaved = undefined;
        await saveTable(file, next).catch((thrown) => log(toFault(thrown).message));
      }
      isSaving = false;
    })();
  };

  void (async () => {
    let failures = 0;
    let resourceVersion: string | undefined;
    while (!isStopped) {
      try {
        const watch = client.watch<RouteTableResource>(
          { apiVersion: routeTableKey.apiVersion, kind: routeTableKey.kind },
          {
            allowBookmarks: true,
            ...(resourceVersion === undefined ? { sendInitialEvents: true } : { resourceVersion }),
          },
        );
        stopWatch = () => watch.stop();
        for await (const event of watch) {
          failures = 0;
          if (event.type === "BOOKMARK") {
            resourceVersion = event.resourceVersion;
            continue;
          }
          resourceVersion = event.object.metadata.resourceVersion;
          const table = event.type === "DELETED" ? undefined : tableWith(assembler, event.object);
          if (table === undefined) continue;
          apply(table);
          save(table);
        }
      } catch (thrown) {
        if (hasReason(thrown, "Expired") || hasReason(thrown, "Gone")) resourceVersion = undefined;
        if (failures++ === 0 && !isStopped)
          log(`routes: the control plane is away (${toFault(thrown).message}); routing on as before`);
      }
      // Short, since the control plane that comes back is the one that people wait for.
      await new Promise((resolve) => setTimeout(resolve, Math.min(1000, 20 * 2 ** Math.min(failures, 6))));
    }
  })();
  return () => {
    isStopped = true;
    stopWatch();
  };
}

/** The table that is whole by this resource; an older control plane wrote it in one. */
function tableWith(assembler: TableAssembler, resource: RouteTableResource): RouteTable | undefined {
  const spec: unknown = resource.spec;
  const { format, version } = resource.spec;
  const part = partName(resource);
  if (part !== undefined) return format === 2 ? assembler.takePart(part, version, spec as TablePart) : undefined;
  if (resource.metadata.name !== routeTableKey.name) return undefined;
  if (format === 1) return spec as RouteTable;
  return format === 2 ? assembler.takeHead(spec as TableHead) : undefined;
}
