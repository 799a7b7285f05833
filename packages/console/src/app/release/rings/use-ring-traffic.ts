import { useEffect, useState } from "react";
import { type RingTraffic, readRingTraffic } from "./ring-traffic.ts";

const every = 5_000;
const window = 60;

/** Undefined until it is read for the first time; what is known stays when a reading fails. */
export function useRingTraffic(namespace: string, rollout: string): ReadonlyMap<string, RingTraffic> | undefined {
  const [traffic, setTraffic] = useState<ReadonlyMap<string, RingTraffic>>();
  useEffect(() => {
    const stop = new AbortController();
    let timer: ReturnType<typeof setTimeout>;
    const read = async () => {
      if (!document.hidden) {
        // The charts above say when the metrics don't answer.
        const found = await readRingTraffic(namespace, rollout, window, stop.signal).catch(() => undefined);
        if (found !== undefined) setTraffic(found);
      }
      if (!stop.signal.aborted) timer = setTimeout(read, every);
    };
    void read();
    return () => {
      stop.abort();
      clearTimeout(timer);
    };
  }, [namespace, rollout]);
  return traffic;
}
