import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { Fault } from "@sluice/kernel";

/** This package's folder: of the source, or of the installed tarball. */
export const packageFolder = (): string => {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, "package.json"))) folder = dirname(folder);
  return folder;
};

/** The file to start another `sluice` with, by this Node. */
export const program = (): string => join(packageFolder(), "bin", "sluice.mjs");

/** The examples: of the repository, or packed into the tarball. */
export function examplesFolder(): string {
  for (const folder of [join(packageFolder(), "..", "..", "examples"), join(packageFolder(), "dist", "examples")]) {
    if (existsSync(folder)) return folder;
  }
  throw new Fault("bug", "the examples aren't packed with this program");
}
