// Each gate of the house is shown a planted violation: a gate that checks nothing would stay silent here.
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";

const root = join(import.meta.dirname, "..");
const rooms = { kernel: [], api: ["kernel"], controllers: ["kernel", "api", "languages"], router: ["kernel", "api"] };
const configs = [
  "biome.json",
  "tsconfig.pure.json",
  "tsconfig.node.json",
  ".dependency-cruiser.cjs",
  "knip.json",
  "package.json",
];

/** A small repository with this one's gates, and in it the files given. */
function houseWith(files: Readonly<Record<string, string>>): string {
  const house = mkdtempSync(join(tmpdir(), "sluice-house-"));
  const write = (path: string, text: string) => {
    mkdirSync(dirname(join(house, path)), { recursive: true });
    writeFileSync(join(house, path), text);
  };
  for (const config of configs) cpSync(join(root, config), join(house, config));
  mkdirSync(join(house, "node_modules", "@sluice"), { recursive: true });
  for (const name of ["@biomejs", "@types", ".bin", "vitest", "typescript", "undici"]) {
    symlinkSync(join(root, "node_modules", name), join(house, "node_modules", name));
  }
  for (const [room, dependencies] of Object.entries(rooms)) {
    const manifest = {
      name: `@sluice/${room}`,
      type: "module",
      exports: { ".": "./src/index.ts" },
      dependencies: Object.fromEntries(dependencies.map((name) => [`@sluice/${name}`, "*"])),
    };
    write(`packages/${room}/package.json`, JSON.stringify(manifest));
    write(`packages/${room}/tsconfig.json`, '{ "extends": "../../tsconfig.pure.json", "include": ["src"] }');
    write(`packages/${room}/src/index.ts`, "export const here = 1;\n");
    symlinkSync(join(house, "packages", room), join(house, "node_modules", "@sluice", room));
  }
  for (const [path, text] of Object.entries(files)) write(path, text);
  return house;
}

function run(house: string, command: string, ...args: string[]) {
  const { status, stdout, stderr } = spawnSync(join(root, "node_modules", ".bin", command), args, {
    cwd: house,
    encoding: "utf8",
  });
  return { status, output: stdout + stderr };
}

const lint = (house: string) => run(house, "biome", "check", "--error-on-warnings", "packages");
const types = (room: string) => (house: string) => run(house, "tsc", "-p", `packages/${room}`);
const imports = (house: string) =>
  run(house, "depcruise", "packages", "--config", ".dependency-cruiser.cjs", "--output-type", "err-long");

const planted: readonly {
  readonly rule: string;
  readonly files: Readonly<Record<string, string>>;
  readonly gate: (house: string) => { status: number | null; output: string };
  readonly says: string;
}[] = [
  {
    rule: "a room imports only rooms it may: the manifest",
    files: {
      "packages/api/src/planted.ts": 'import { here } from "@sluice/controllers";\nexport const there = here;\n',
    },
    gate: lint,
    says: "noUndeclaredDependencies",
  },
  {
    rule: "a room imports only rooms it may: the import rules",
    files: {
      "packages/api/src/planted.ts": 'import { here } from "@sluice/controllers";\nexport const there = here;\n',
    },
    gate: imports,
    says: "api-imports",
  },
  {
    rule: "no deep imports past a room's door",
    files: {
      "packages/api/src/planted.ts":
        'import { here } from "@sluice/kernel/src/index.ts";\nexport const there = here;\n',
    },
    gate: types("api"),
    says: "TS2307",
  },
  {
    rule: "no Node in a pure room",
    files: {
      "packages/api/src/planted.ts":
        'import { readFileSync } from "node:fs";\nexport const text = readFileSync("x");\n',
    },
    gate: types("api"),
    says: "node:fs",
  },
  {
    rule: "no timers, console or fetch in a pure room",
    files: { "packages/kernel/src/planted.ts": 'setTimeout(() => console.log(fetch("x")), 1);\n' },
    gate: types("kernel"),
    says: "setTimeout",
  },
  {
    rule: "no wall clock in a pure room",
    files: { "packages/controllers/src/planted.ts": "export const now = Date.now();\n" },
    gate: lint,
    says: "noRestrictedGlobals",
  },
  {
    rule: "no chance in a pure room",
    files: { "packages/controllers/src/planted.ts": "export const chance = Math.random();\n" },
    gate: (house) => run(house, "node", join(root, "scripts", "tidy.ts"), house),
    says: "Math.random",
  },
  {
    rule: "no order by the machine's language in a pure room",
    files: { "packages/kernel/src/planted.ts": 'export const order = "a".localeCompare("b");\n' },
    gate: (house) => run(house, "node", join(root, "scripts", "tidy.ts"), house),
    says: "localeCompare",
  },
  {
    rule: "kinds don't import kinds",
    files: {
      "packages/controllers/src/rollout/plan.ts":
        'import { run } from "../analysisrun/plan.ts";\nexport const plan = run;\n',
      "packages/controllers/src/analysisrun/plan.ts": "export const run = 1;\n",
    },
    gate: imports,
    says: "kinds-meet-in-api",
  },
  {
    rule: "no cycles",
    files: {
      "packages/kernel/src/one.ts": 'import { two } from "./two.ts";\nexport const one = () => two;\n',
      "packages/kernel/src/two.ts": 'import { one } from "./one.ts";\nexport const two = () => one;\n',
    },
    gate: imports,
    says: "no-cycles",
  },
  {
    rule: "the pure door of the router imports nothing of its node door",
    files: {
      "packages/router/src/planted.ts": 'import { listen } from "./node/listen.ts";\nexport const go = listen;\n',
      "packages/router/src/node/listen.ts": "export const listen = 1;\n",
    },
    gate: imports,
    says: "pure-doors-stay-pure",
  },
  {
    rule: "no dead exports",
    files: { "packages/kernel/src/dead.ts": "export const dead = 1;\n" },
    gate: (house) => run(house, "knip", "--include", "files,exports"),
    says: "dead.ts",
  },
  {
    rule: "a plan that awaits fails to compile",
    files: {
      ...Object.fromEntries(
        ["reconciler.ts", "fault.ts", "units.ts"].map((file) => [
          `packages/kernel/src/${file}`,
          readFileSync(join(root, "packages/kernel/src", file), "utf8"),
        ]),
      ),
      "packages/kernel/src/index.ts": 'export type { Reconciler } from "./reconciler.ts";\n',
      "packages/api/src/planted.ts": `
import type { Reconciler } from "@sluice/kernel";
export const plan: Reconciler<{ readonly status?: object }, number, never>["plan"] = async () => ({
  actions: [],
  because: "waits for something",
});
`,
    },
    gate: types("api"),
    says: "from type 'Plan",
  },
];

test.each(planted)("$rule", ({ files, gate, says }) => {
  const { status, output } = gate(houseWith(files));

  expect(output).toContain(says);
  expect(status).not.toBe(0);
});

test("a house without a violation passes every gate", () => {
  const house = houseWith({});

  for (const gate of [imports, types("api"), (at: string) => run(at, "node", join(root, "scripts", "tidy.ts"), at)]) {
    const { status, output } = gate(house);

    expect(status, output).toBe(0);
  }
});
