// What no linter here forbids: chance and the machine's language in pure rooms, `export *`, folders without a subject.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";

const root = process.argv[2] ?? join(import.meta.dirname, "..");
const pureRooms = ["kernel", "api", "languages", "verdict", "store", "controllers", "rehearsal", "metrics", "router"];
const isTest = /\.test\.tsx?$|\/laws\/|\/contract-suite\//;
const rules = [
  { what: /\bMath\.random\b/, where: "pure", why: "Math.random: take a Random" },
  {
    what: /\.(localeCompare|toLocale\w+)\(/,
    where: "pure",
    why: "localeCompare and its like depend on the machine: compare code units",
  },
  { what: /^export \*/m, where: "all", why: "export * makes a porous door: export by name" },
] as const;

function* sources(folder: string): Generator<string> {
  for (const entry of existsSync(folder) ? readdirSync(folder, { withFileTypes: true }) : []) {
    const path = join(folder, entry.name);
    if (entry.name === "node_modules" || entry.name === "dist") continue;
    if (entry.isDirectory()) yield* sources(path);
    else if (/\.tsx?$/.test(entry.name)) yield path;
  }
}

const found: string[] = [];
for (const path of sources(join(root, "packages"))) {
  const local = relative(join(root, "packages"), path);
  if (isTest.test(local)) continue;
  if (/(^|\/)(utils|helpers|common)(\/|\.ts)/.test(local)) found.push(`${local}: a folder named for no subject`);
  const isPure = pureRooms.includes(local.split("/")[0] ?? "") && !/^(metrics|router)\/src\/node\//.test(local);
  const text = readFileSync(path, "utf8");
  for (const { what, where, why } of rules) {
    const match = what.exec(text);
    if (match === null || (where === "pure" && !isPure)) continue;
    found.push(`${local}:${text.slice(0, match.index).split("\n").length}: ${why}`);
  }
}
for (const line of found) console.error(line);
process.exit(found.length === 0 ? 0 : 1);
