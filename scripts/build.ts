// Bundles the program and the console: `npm run build`. With --if-possible (npm's prepare) a missing esbuild is no error.
import { cpSync, existsSync, mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";

const root = join(import.meta.dirname, "..");
const cli = join(root, "packages", "cli");

async function build(): Promise<void> {
  const { build: bundle } = await import("esbuild");
  rmSync(join(cli, "dist"), { recursive: true, force: true });
  const result = await bundle({
    entryPoints: { main: join(cli, "src", "main.ts") },
    outdir: join(cli, "dist"),
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
  const bytes = Object.values(result.metafile.outputs).reduce((sum, output) => sum + output.bytes, 0);
  console.log(`program: ${Math.round(bytes / 1024)} kB in ${Object.keys(result.metafile.outputs).length} files`);

  const consoleBuild = join(root, "packages", "console", "build.ts");
  if (existsSync(consoleBuild)) {
    const { buildConsole } = (await import(consoleBuild)) as { buildConsole: (folder: string) => Promise<void> };
    await buildConsole(join(root, "packages", "console", "dist"));
  }
  pack();
}

/** What the tarball holds beside the program. */
function pack(): void {
  const copies = [
    [join(root, "packages", "console", "dist"), join(cli, "dist", "console")],
    [join(root, "examples"), join(cli, "dist", "examples")],
    [join(root, "LICENSE"), join(cli, "LICENSE")],
    [join(root, "README.md"), join(cli, "README.md")],
  ] as const;
  for (const [from, to] of copies) {
    if (!existsSync(from)) continue;
    mkdirSync(join(to, ".."), { recursive: true });
    cpSync(from, to, { recursive: true });
  }
}

try {
  await build();
} catch (error) {
  if (!process.argv.includes("--if-possible")) throw error;
  console.warn(`not built now (${error instanceof Error ? error.message : error}): npm run build builds it`);
}
