// Bundles the program and the console: `npm run build`. With --if-possible (npm's prepare) a missing esbuild is no error.
import { existsSync } from "node:fs";
import { join } from "node:path";

const root = join(import.meta.dirname, "..");
const cli = join(root, "packages", "cli");

async function build(): Promise<void> {
  const { bundleProgram, packWithProgram } = await import("./program.ts");
  const { bytes, files } = await bundleProgram(cli);
  console.log(`program: ${Math.round(bytes / 1024)} kB in ${files} files`);

  const consoleBuild = join(root, "packages", "console", "build.ts");
  if (existsSync(consoleBuild)) {
    const { buildConsole } = (await import(consoleBuild)) as { buildConsole: (folder: string) => Promise<void> };
    await buildConsole(join(root, "packages", "console", "dist"));
  }
  packWithProgram(cli);
}

try {
  await build();
} catch (error) {
  if (!process.argv.includes("--if-possible")) throw error;
  console.warn(`not built now (${error instanceof Error ? error.message : error}): npm run build builds it`);
}
