// What a stranger gets: one tarball, installed and run in an empty folder.
import { existsSync } from "node:fs";
import { mkdtemp, readdir, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { repository, run } from "./fixtures/sluice.ts";

test("npm pack gives one tarball that installs, lints, comes up and goes down in an empty folder", async () => {
  const folder = await mkdtemp(join(tmpdir(), "sluice-pack-"));
  await run("npm", ["pack", "--workspace", "packages/cli", "--pack-destination", folder], repository);
  const [tarball = ""] = (await readdir(folder)).filter((name) => name.endsWith(".tgz"));
  await writeFile(join(folder, "package.json"), '{ "private": true }');
  await run("npm", ["install", "--no-audit", "--no-fund", join(folder, tarball)], folder);
  const program = join(folder, "node_modules", "@sluice", "cli", "bin", "sluice.mjs");
  await writeFile(
    join(folder, "service.yaml"),
    "apiVersion: v1\nkind: Service\nmetadata: { name: web }\nspec: { ports: [{ port: 80 }] }\n",
  );
  const sluice = (...args: string[]) => run(process.execPath, [program, ...args], folder);

  expect(existsSync(join(folder, "node_modules", "@sluice", "kernel"))).toBe(false);
  expect(await sluice("--version")).toMatch(/^\d+\.\d+\.\d+/);
  expect(await sluice("lint", "service.yaml", "--json")).toContain('"findings"');
  await sluice("up", "--detach", "--api-port", "0", "--port", "0", "--router-port", "0");
  try {
    await sluice("apply", "-f", "service.yaml");
    expect(await sluice("get", "service", "web", "-o", "name")).toContain("service/web");
  } finally {
    await sluice("down");
  }
}, 180_000);
