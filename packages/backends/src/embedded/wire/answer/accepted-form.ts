import { ApiFault } from "@sluice/api";

/** How the caller wants objects: whole, as rows for people, or their metadata only. */
export type Form = "whole" | "table" | "metadata";

/**
 * Reads an Accept header. The first entry that we speak wins, in the caller's order, as Kubernetes does it.
 * Faults: NotAcceptable where nothing of it is JSON.
 */
export function acceptedForm(header: string | undefined): Form {
  if (header === undefined || header.trim() === "") return "whole";
  for (const { type, parameters } of mediaTypes(header)) {
    if (type !== "application/json" && type !== "application/*" && type !== "*/*") continue;
    const as = parameters.get("as");
    if (as === undefined) return "whole";
    const known = parameters.get("g") === "meta.k8s.io" && parameters.get("v") === "v1";
    if (!known) continue;
    if (as === "Table") return "table";
    if (as === "PartialObjectMetadata" || as === "PartialObjectMetadataList") return "metadata";
  }
  throw new ApiFault("NotAcceptable", "only the following media types are accepted: application/json");
}

/** True where the caller reads aggregated discovery, and prefers it. */
export function wantsAggregatedDiscovery(header: string | undefined): boolean {
  for (const { type, parameters } of mediaTypes(header ?? "")) {
    if (type !== "application/json") continue;
    if (parameters.get("as") === "APIGroupDiscoveryList") {
      if (parameters.get("g") === "apidiscovery.k8s.io" && parameters.get("v") === "v2") return true;
    } else return false;
  }
  return false;
}

interface MediaType {
  readonly type: string;
  readonly parameters: ReadonlyMap<string, string>;
}

function mediaTypes(header: string): readonly MediaType[] {
  return header.split(",").map((entry) => {
    const [type = "", ...rest] = entry.split(";").map((part) => part.trim());
    const parameters = rest.map((part) => part.split("=", 2) as [string, string | undefined]);
    return {
      type: type.toLowerCase(),
      parameters: new Map(parameters.map(([name, value]) => [name, value ?? ""])),
    };
  });
}
