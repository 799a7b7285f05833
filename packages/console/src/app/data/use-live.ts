import type { Resource } from "@sluice/api";
import { useCallback, useRef, useSyncExternalStore } from "react";
import type { LiveScope } from "../../live/live-kinds.ts";
import { browserSurroundings } from "./browser-surroundings.ts";
import type { CollectionState } from "./live-collection.ts";
import { type Connection, LiveStore } from "./live-store.ts";

export const live = new LiveStore(browserSurroundings);

const restAfter = 10_000;

/** A tab that is out of sight for ten seconds gives its connection to those in sight. */
export function restWhenHidden(): void {
  let cancel = () => {};
  document.addEventListener("visibilitychange", () => {
    cancel();
    if (document.hidden) cancel = browserSurroundings.wait(restAfter, () => live.sleep());
    else live.wake();
  });
}

export function useConnection(): Connection {
  return useSyncExternalStore(
    useCallback((listener: () => void) => live.onConnection(listener), []),
    () => live.connection,
  );
}

/** All objects of the scope; the same array until one of them changes. */
export function useCollection<R extends Resource>(
  kind: LiveScope["kind"],
  namespace?: string,
  extent: "whole" | "brief" = "whole",
): CollectionState<R> {
  const isBrief = extent === "brief";
  const subscribe = useCallback(
    (listener: () => void) => live.subscribe(scopeOf({ kind, namespace, isBrief }), listener),
    [kind, namespace, isBrief],
  );
  return useSyncExternalStore(subscribe, () => live.state<R>(scopeOf({ kind, namespace, isBrief })));
}

/**
 * Those that `isWanted`; the same array while the same objects are in it, so that others' changes draw nothing. With a
 * name only what has it, or is about it, is sent.
 */
export function useItems<R extends Resource>(
  kind: LiveScope["kind"],
  namespace: string | undefined,
  isWanted: (object: R) => boolean,
  name?: string,
): readonly R[] | undefined {
  const last = useRef<readonly R[] | undefined>(undefined);
  const subscribe = useCallback(
    (listener: () => void) => live.subscribe(scopeOf({ kind, namespace, name }), listener),
    [kind, namespace, name],
  );
  return useSyncExternalStore(subscribe, () => {
    const state = live.state<R>(scopeOf({ kind, namespace, name }));
    if (state.is === "loading") return undefined;
    const items = state.items.filter(isWanted);
    const known = last.current;
    if (known?.length === items.length && items.every((item, index) => item === known[index])) return known;
    last.current = items;
    return items;
  });
}

function scopeOf({
  kind,
  namespace,
  name,
  isBrief = false,
}: {
  readonly kind: LiveScope["kind"];
  readonly namespace: string | undefined;
  readonly name?: string | undefined;
  readonly isBrief?: boolean;
}): LiveScope {
  return {
    kind,
    ...(namespace === undefined ? {} : { namespace }),
    ...(name === undefined ? {} : { name }),
    ...(isBrief ? { isBrief } : {}),
  };
}
