import { useEffect, useState } from "react";
import { readTraffic, type TrafficSeries, windowOf } from "../data/series.ts";

export type Traffic =
  | { readonly is: "loading" }
  | { readonly is: "known"; readonly series: TrafficSeries; readonly problem?: string }
  | { readonly is: "unknown"; readonly problem: string };

const every = 2_000;

/** The versions' traffic over the last `seconds`, read anew each two seconds; what is known stays when a reading fails. */
export function useTraffic(namespace: string, hashes: readonly string[], seconds: number): Traffic {
  const [traffic, setTraffic] = useState<Traffic>({ is: "loading" });
  const names = hashes.toSorted().join(" ");
  useEffect(() => {
    if (names === "") return;
    const stop = new AbortController();
    let timer: ReturnType<typeof setTimeout>;
    const read = async () => {
      try {
        if (!document.hidden) {
          const window = windowOf(seconds, Date.now() / 1000);
          const series = await readTraffic(namespace, names.split(" "), window, stop.signal);
          setTraffic({ is: "known", series });
        }
      } catch (thrown) {
        if (stop.signal.aborted) return;
        const problem = thrown instanceof Error ? thrown.message : String(thrown);
        setTraffic((known) => (known.is === "known" ? { ...known, problem } : { is: "unknown", problem }));
      }
      if (!stop.signal.aborted) timer = setTimeout(read, every);
    };
    void read();
    return () => {
      stop.abort();
      clearTimeout(timer);
    };
  }, [namespace, names, seconds]);
  return traffic;
}
