// `npm run bench [NAME…]`: every figure against a peer or a limit measured in the same run.
import { readdirSync } from "node:fs";
import { basename, join } from "node:path";
import type { Row } from "./row.ts";

const folder = import.meta.dirname;
const names = readdirSync(folder)
  .filter((file) => file.endsWith(".ts") && !["run.ts", "row.ts"].includes(file))
  .map((file) => basename(file, ".ts"))
  .sort();
const asked = process.argv.slice(2).filter((argument) => !argument.startsWith("--"));
const isJson = process.argv.includes("--json");
const unknown = asked.filter((name) => !names.includes(name));
if (unknown.length > 0) {
  console.error(`no benchmark ${unknown.join(", ")}; there are ${names.join(", ")}`);
  process.exit(2);
}

const format = (value: number): string =>
  Math.abs(value) >= 1000 ? Math.round(value).toLocaleString("en") : value.toPrecision(3);

const results: Record<string, readonly Row[]> = {};
let failed = 0;
for (const name of asked.length > 0 ? asked : names) {
  const module = (await import(join(folder, `${name}.ts`))) as { bench?: () => Promise<readonly Row[]> };
  if (module.bench === undefined) continue;
  if (!isJson) console.log(`\n${name}`);
  try {
    const rows = await module.bench();
    results[name] = rows;
    for (const row of isJson ? [] : rows) {
      const ratio = row.ratio === undefined ? "" : `${row.ratio.toFixed(2)} x ${row.peer ?? ""}`;
      console.log(
        `  ${row.name.padEnd(58)} ${format(row.value).padStart(12)} ${row.unit.padEnd(14)} ${ratio.padEnd(34)} ${row.goal ?? ""}`,
      );
    }
  } catch (error) {
    failed++;
    console.error(`  failed: ${error instanceof Error ? (error.stack ?? error.message) : error}`);
  }
}
if (isJson) console.log(JSON.stringify(results));
process.exit(failed === 0 ? 0 : 1);
