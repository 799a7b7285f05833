// Types, lint, import rules, dead code, beside each other: `npm run check`, or one of them by name.
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const root = join(import.meta.dirname, "..");
const packages = join(root, "packages");

interface TypeProject {
  readonly extends: string;
  readonly compilerOptions?: object;
  readonly include: readonly string[];
  readonly exclude: readonly string[];
}

/** Rooms that promise the same are one program: what they share is read and checked once, not once a room. */
function typeProjects(): string[] {
  const programs = new Map<string, TypeProject>();
  for (const room of readdirSync(packages)) {
    for (const file of ["tsconfig.json", "tsconfig.node.json"]) {
      const path = join(packages, room, file);
      if (!existsSync(path)) continue;
      const project = JSON.parse(readFileSync(path, "utf8")) as TypeProject;
      const within = (globs: readonly string[]) => globs.map((glob) => join(packages, room, glob));
      const base = { extends: join(packages, room, project.extends), compilerOptions: project.compilerOptions ?? {} };
      const promise = JSON.stringify(base);
      const { include = [], exclude = [] } = programs.get(promise) ?? {};
      programs.set(promise, {
        ...base,
        include: [...include, ...within(project.include)],
        exclude: [...exclude, ...within(project.exclude)],
      });
    }
  }
  const folder = join(root, "node_modules", ".cache", "sluice-types");
  mkdirSync(folder, { recursive: true });
  const paths = [...programs.values()].map((program, index) => {
    const path = join(folder, `tsconfig.${index}.json`);
    writeFileSync(path, JSON.stringify(program));
    return path;
  });
  return [...paths, join(root, "tsconfig.test.json")];
}

const checks: Record<string, () => string[][]> = {
  types: () => typeProjects().map((project) => ["tsc", "-p", project]),
  lint: () => [["biome", "check", "--error-on-warnings"]],
  imports: () => [["depcruise", "packages", "--config", ".dependency-cruiser.cjs", "--output-type", "err-long"]],
  tidy: () => [["node", join(root, "scripts", "tidy.ts")]],
  dead: () => [["knip"]],
};

/** To its end; what it said is shown whole, not between the lines of another. */
function run(command: string, args: readonly string[]): Promise<boolean> {
  return new Promise((resolve) => {
    const child = spawn(join(root, "node_modules", ".bin", command), args, { cwd: root });
    let said = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8").on("data", (text: string) => {
        said += text;
      });
    }
    child.on("error", (error) => {
      said += error.message;
    });
    child.on("close", (status) => {
      process.stdout.write(said);
      if (status !== 0) console.error(`failed: ${command} ${args.join(" ")}`);
      resolve(status === 0);
    });
  });
}

const asked = process.argv.slice(2);
const unknown = asked.filter((name) => checks[name] === undefined);
if (unknown.length > 0) {
  console.error(`no check ${unknown.join(", ")}; there are ${Object.keys(checks).join(", ")}`);
  process.exit(2);
}
const outcomes = await Promise.all(
  Object.entries(checks)
    .filter(([name]) => asked.length === 0 || asked.includes(name))
    .map(async ([name, commands]) => {
      let isFine = true;
      for (const [command = "", ...args] of commands()) isFine = (await run(command, args)) && isFine;
      console.log(`${name}: ${isFine ? "fine" : "see above"}`);
      return isFine;
    }),
);
process.exit(outcomes.every(Boolean) ? 0 : 1);
