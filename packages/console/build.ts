// Bundles the console's page: called by scripts/build.ts, and by `sluice up` from source when there is no build.
import { mkdir, rm, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";

/** Writes index.html and assets/*, with their hashes in their names, into `folder`. Returns the size that is sent. */
export async function buildConsole(folder: string): Promise<{ readonly gzipBytes: number }> {
  const assets = join(folder, "assets");
  const { outputFiles } = await build({
    entryPoints: { console: join(import.meta.dirname, "src", "app", "main.tsx") },
    outdir: assets,
    entryNames: "[name]-[hash]",
    bundle: true,
    format: "esm",
    target: ["chrome120", "firefox120", "safari17"],
    jsx: "automatic",
    define: { "process.env.NODE_ENV": '"production"' },
    minify: true,
    legalComments: "external",
    write: false,
    logLevel: "warning",
  });
  await rm(folder, { recursive: true, force: true });
  await mkdir(assets, { recursive: true });
  for (const { path, contents } of outputFiles) await writeFile(path, contents);
  const nameOf = (suffix: string) => basename(outputFiles.find(({ path }) => path.endsWith(suffix))?.path ?? "");
  await writeFile(join(folder, "index.html"), page(nameOf(".js"), nameOf(".css")));
  const sent = outputFiles.filter(({ path }) => !path.endsWith(".txt"));
  return { gzipBytes: sent.reduce((sum, { contents }) => sum + gzipSync(contents).length, 0) };
}

const icon =
  "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E%3Crect width='16' height='16' rx='4' fill='%232f6f6a'/%3E%3Cpath d='M3 5.5h6M3 10.5h10M11 3v5' stroke='white' stroke-width='1.8' stroke-linecap='round' fill='none'/%3E%3C/svg%3E";

const page = (script: string, style: string): string => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Sluice</title>
<link rel="icon" href="${icon}">
<link rel="stylesheet" href="/assets/${style}">
<script type="module" src="/assets/${script}"></script>
</head>
<body>
<div id="root"></div>
<noscript>This console needs JavaScript. The same is in the terminal: sluice rollout get NAME --watch</noscript>
</body>
</html>
`;
