import type { Resource } from "@sluice/api";
import { isLiveKind, type LiveScope } from "./live-kinds.ts";

/**
 * One line of the live stream. `watch` is the position of the scope in the request. A browser opens six connections to
 * a host, over all of its tabs: so all watches of a page come through one.
 */
export type LiveMessage =
  | { readonly type: "HELLO"; readonly version: string }
  | { readonly type: "BEAT" }
  | { readonly type: "ADDED" | "MODIFIED" | "DELETED"; readonly watch: number; readonly object: Resource }
  /** All that there was at the start has been sent. */
  | { readonly type: "READY"; readonly watch: number; readonly resourceVersion: string }
  | { readonly type: "BOOKMARK"; readonly watch: number; readonly resourceVersion: string }
  /** The version asked for is too old: ask again without one. */
  | { readonly type: "EXPIRED"; readonly watch: number }
  | { readonly type: "REFUSED"; readonly watch: number; readonly message: string };

/** A scope and the version it is known up to; without one the present state is sent first. */
export interface LiveRequest extends LiveScope {
  readonly resourceVersion?: string;
}

/** `/live?watch=pods,shop,1234&watch=rollouts&watch=events,shop,1234,checkout&watch=analysisruns,,,,brief`. */
export function liveQuery(requests: readonly LiveRequest[]): string {
  const watches = requests.map(({ kind, namespace = "", resourceVersion = "", name = "", isBrief = false }) =>
    [kind, namespace, resourceVersion, name, isBrief ? "brief" : ""]
      .map(encodeURIComponent)
      .join(",")
      .replace(/,+$/, ""),
  );
  return watches.map((watch) => `watch=${watch}`).join("&");
}

/** Undefined where a kind isn't one of ours, or a name is none. */
export function parseLiveRequests(values: readonly string[]): readonly LiveRequest[] | undefined {
  const requests: LiveRequest[] = [];
  for (const value of values) {
    const [kind = "", namespace = "", resourceVersion = "", name = "", extent = ""] = value.split(",");
    if (!isLiveKind(kind) || !/^[\w.:-]*$/.test(name)) return undefined;
    requests.push({
      kind,
      ...(namespace === "" ? {} : { namespace }),
      ...(resourceVersion === "" ? {} : { resourceVersion }),
      ...(name === "" ? {} : { name }),
      ...(extent === "brief" ? { isBrief: true } : {}),
    });
  }
  return requests;
}
