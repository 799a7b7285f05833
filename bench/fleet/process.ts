// The released fleet, in a process of its own: `node process.ts FOLDER ROLLOUTS PAUSESECONDS` sends its rows.
import { rolloutReconciler } from "@sluice/controllers";
import { measurePauses } from "./pauses.ts";
import { Fleet, readyAtOnce } from "./world.ts";

const [folder, rollouts, pauseSeconds] = process.argv.slice(2);
const fleet = await Fleet.open(folder);
await fleet.passesOf(() => fleet.begin((effects) => [rolloutReconciler(effects), readyAtOnce(effects)]));
const rows = await measurePauses(fleet, Number(rollouts), Number(pauseSeconds));
await fleet.leave();
process.send?.(rows, () => process.exit(0));
