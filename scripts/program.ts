// The program as it is packed: one bundle beside `bin`, with the console and the examples.
import { cpSync, existsSync, mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { build } from "esbuild";

const root = join(import.meta.dirname, "..");
const cli = join(root, "packages", "cli");

/** Bundles the source into `folder`/dist; gives the bytes and files of the bundle. */
export async function bundleProgram(folder: string): Promise<{ readonly bytes: number; readonly files: number }> {
  rmSync(join(folder, "dist"), { recursive: true, force: true });
  const result = await build({
    entryPoints: {
      main: join(cli, "src", "main.ts"),
      "release-worker": join(cli, "src", "rehearse", "release-worker.ts"),
      "learn-worker": join(cli, "src", "rehearse", "history", "learn-worker.ts"),
    },
    outdir: join(folder, "dist"),
    bundle: true,
    splitting: true,
    format: "esm",
    platform: "node",
    target: "node22.18",
    minify: true,
    keepNames: true,
    legalComments: "external",
    chunkNames: "part-[hash]",
    outExtension: { ".js": ".mjs" },
    // CommonJS dependencies ask for Node's own modules at run time.
    banner: {
      js: 'import { createRequire as sluiceRequire } from "node:module"; const require = sluiceRequire(import.meta.url);',
    },
    metafile: true,
    logLevel: "warning",
  });
  const outputs = Object.values(result.metafile.outputs);
  return { bytes: outputs.reduce((sum, { bytes }) => sum + bytes, 0), files: outputs.length };
}

/** Copies what the bundle is packed with into `folder`. */
export function packWithProgram(folder: string): void {
  const copies = [
    [join(root, "packages", "console", "dist"), join(folder, "dist", "console")],
    [join(root, "examples"), join(folder, "dist", "examples")],
    [join(root, "LICENSE"), join(folder, "LICENSE")],
    [join(root, "README.md"), join(folder, "README.md")],
  ] as const;
  for (const [from, to] of copies) {
    if (!existsSync(from)) continue;
    mkdirSync(join(to, ".."), { recursive: true });
    cpSync(from, to, { recursive: true });
  }
}
