/** A process of its own for the kill test: appends, flushes, says how many samples are flushed, and never ends. */
import { instant, VirtualClock } from "@sluice/kernel";
import { labelsOf } from "../../labels.ts";
import { createMetricsStore } from "./metrics-store.ts";

const start = instant(1_800_000_000_000);
const store = await createMetricsStore({ folder: process.argv[2] ?? "", clock: new VirtualClock(start) });
const series = store.seriesFor(labelsOf({ __name__: "c_total" }));
let samples = 0;
const step = (): void => {
  for (let each = 0; each < 100 && series !== undefined; each++, samples++)
    store.append(series, start + samples, samples);
  store.flush();
  process.stdout.write(`${samples}\n`);
  setImmediate(step);
};
step();
