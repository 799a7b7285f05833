import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";

/** Where a module of the benchmark in `folder` is imported from; without a folder the program ends and says what it expected. */
export function sourcesOf(folder: string | undefined): (name: string) => string {
  if (folder === undefined) {
    console.error("FOLDER: expected the folder of the benchmark, which holds src/sim.js and src/population.js");
    process.exit(2);
  }
  return (name) => pathToFileURL(join(resolve(folder), "src", name)).href;
}
