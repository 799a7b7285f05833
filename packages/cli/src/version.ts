import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { program } from "./program.ts";

/** Of this package. */
export const version = (): string =>
  (JSON.parse(readFileSync(join(dirname(program()), "..", "package.json"), "utf8")) as { version: string }).version;
