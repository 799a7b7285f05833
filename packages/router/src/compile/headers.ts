import type { HeaderOperations, IstioHeaders } from "@sluice/api";
import type { HeaderChanges, HttpRouteEntry } from "../table.ts";
import { type Report, refuseUnknown } from "./problem.ts";

/** As the table holds them: names in lower case, the doubled percent sign as one. */
export function compileHeaders(
  headers: IstioHeaders | undefined,
  path: string,
  report: Report,
): Pick<HttpRouteEntry, "headers"> {
  if (headers === undefined) return {};
  refuseUnknown(headers, ["request", "response"], path, report);
  const request = changesOf(headers.request, `${path}.request`, report);
  const response = changesOf(headers.response, `${path}.response`, report);
  if (request === undefined && response === undefined) return {};
  return {
    headers: {
      ...(request === undefined ? {} : { request }),
      ...(response === undefined ? {} : { response }),
    },
  };
}

function changesOf(operations: HeaderOperations | undefined, path: string, report: Report): HeaderChanges | undefined {
  if (operations === undefined) return undefined;
  refuseUnknown(operations, ["set", "add", "remove"], path, report);
  const set = fieldsOf(operations.set);
  const add = fieldsOf(operations.add);
  const remove = (operations.remove ?? []).map((name) => name.toLowerCase());
  if (set === undefined && add === undefined && remove.length === 0) return undefined;
  return {
    ...(set === undefined ? {} : { set }),
    ...(add === undefined ? {} : { add }),
    ...(remove.length === 0 ? {} : { remove }),
  };
}

function fieldsOf(values: Readonly<Record<string, string>> | undefined): Record<string, string> | undefined {
  const fields = Object.entries(values ?? {}).map(([name, value]) => [
    name === ":authority" ? "host" : name.toLowerCase(),
    value.replaceAll("%%", "%"),
  ]);
  return fields.length === 0 ? undefined : Object.fromEntries(fields);
}
