// Types, lint, import rules, dead code: `npm run check`, or one of them by name.
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";

const root = join(import.meta.dirname, "..");

function typeProjects(): string[] {
  const rooms = readdirSync(join(root, "packages")).filter((room) =>
    existsSync(join(root, "packages", room, "tsconfig.json")),
  );
  const projects = rooms.flatMap((room) =>
    ["tsconfig.json", "tsconfig.node.json"].map((file) => join("packages", room, file)),
  );
  return [...projects, "tsconfig.test.json"].filter((project) => existsSync(join(root, project)));
}

const checks: Record<string, () => string[][]> = {
  types: () => typeProjects().map((project) => ["tsc", "-p", project]),
  lint: () => [["biome", "check", "--error-on-warnings"]],
  imports: () => [["depcruise", "packages", "--config", ".dependency-cruiser.cjs", "--output-type", "err-long"]],
  tidy: () => [["node", join(root, "scripts", "tidy.ts")]],
  dead: () => [["knip"]],
};

const asked = process.argv.slice(2);
const unknown = asked.filter((name) => checks[name] === undefined);
if (unknown.length > 0) {
  console.error(`no check ${unknown.join(", ")}; there are ${Object.keys(checks).join(", ")}`);
  process.exit(2);
}
let failed = 0;
for (const [name, commands] of Object.entries(checks)) {
  if (asked.length > 0 && !asked.includes(name)) continue;
  for (const [command = "", ...args] of commands()) {
    const { status } = spawnSync(join(root, "node_modules", ".bin", command), args, { cwd: root, stdio: "inherit" });
    if (status !== 0) {
      failed++;
      console.error(`failed: ${command} ${args.join(" ")}`);
    }
  }
  console.log(`${name}: ${failed === 0 ? "fine" : "see above"}`);
}
process.exit(failed === 0 ? 0 : 1);
