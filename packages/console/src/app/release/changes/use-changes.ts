import type { ReleaseChanges } from "@sluice/api/release";
import { useEffect, useState } from "react";
import { refusalOf } from "../../data/api.ts";

export type ChangesState =
  | { readonly is: "loading" }
  | { readonly is: "known"; readonly changes: ReleaseChanges }
  | { readonly is: "unknown"; readonly problem: string };

/** What the release changes; asked anew for each other pair of versions. */
export function useChanges(namespace: string, name: string, versions: string): ChangesState {
  const [state, setState] = useState<ChangesState>({ is: "loading" });
  // biome-ignore lint/correctness/useExhaustiveDependencies: other versions have other changes
  useEffect(() => {
    const stop = new AbortController();
    const read = async () => {
      const path = `/changes/${encodeURIComponent(namespace)}/${encodeURIComponent(name)}`;
      const response = await fetch(path, { signal: stop.signal });
      if (!response.ok) throw new Error(await refusalOf(response));
      setState({ is: "known", changes: (await response.json()) as ReleaseChanges });
    };
    read().catch((thrown) => {
      if (stop.signal.aborted) return;
      setState({ is: "unknown", problem: thrown instanceof Error ? thrown.message : String(thrown) });
    });
    return () => stop.abort();
  }, [namespace, name, versions]);
  return state;
}
