// Bundles the console's page: called by scripts/build.ts, and by `sluice up` from source when there is no build.
import { mkdir, rm, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { gzipSync } from "node:zlib";
import { type BuildOptions, build, type Metafile } from "esbuild";

/** The console: writes index.html and assets/*, with their hashes in their names. Returns what is sent for its first page. */
export const buildConsole = (folder: string): Promise<{ readonly gzipBytes: number }> =>
  buildPage(folder, {
    entry: join("app", "main.tsx"),
    base: "/",
    title: "Sluice",
    without: "The same is in the terminal: sluice rollout get NAME --watch",
  });

/** The page on which anyone can rehearse a Rollout, for any web server and any path. */
export const buildSite = (folder: string): Promise<{ readonly gzipBytes: number }> =>
  buildPage(folder, {
    entry: join("site", "main.tsx"),
    base: "",
    title: "Rehearse a release",
    without: "The same is in the terminal: sluice rehearse FILE",
  });

interface Built {
  readonly entry: string;
  /** What the addresses of assets begin with. */
  readonly base: string;
  readonly title: string;
  /** What is said where there is no JavaScript. */
  readonly without: string;
}

const shared = {
  entryNames: "[name]-[hash]",
  bundle: true,
  target: ["chrome120", "firefox120", "safari17"],
  minify: true,
  legalComments: "external",
  logLevel: "warning",
} satisfies BuildOptions;

async function buildPage(
  folder: string,
  { entry, base, title, without }: Built,
): Promise<{ readonly gzipBytes: number }> {
  const assets = join(folder, "assets");
  const source = join(import.meta.dirname, "src");
  const worker = await build({
    ...shared,
    entryPoints: { rehearsal: join(source, "app", "rehearsal", "worker.ts") },
    outdir: assets,
    write: false,
    format: "iife",
  });
  const { outputFiles, metafile } = await build({
    ...shared,
    entryPoints: { console: join(source, entry) },
    outdir: assets,
    write: false,
    metafile: true,
    format: "esm",
    splitting: true,
    chunkNames: "[name]-[hash]",
    jsx: "automatic",
    define: {
      "process.env.NODE_ENV": '"production"',
      REHEARSAL_WORKER: JSON.stringify(
        `${base}assets/${nameIn(
          worker.outputFiles.map(({ path }) => path),
          ".js",
        )}`,
      ),
    },
  });
  await rm(folder, { recursive: true, force: true });
  await mkdir(assets, { recursive: true });
  for (const { path, contents } of [...outputFiles, ...worker.outputFiles]) await writeFile(path, contents);
  const first = firstSent(metafile);
  const address = (suffix: string) => `${base}assets/${nameIn(first, suffix)}`;
  const script = address(".js");
  const parts = first.filter((path) => path.endsWith(".js")).map((path) => `${base}assets/${basename(path)}`);
  await writeFile(
    join(folder, "index.html"),
    page({ script, parts: parts.slice(1), style: address(".css"), title, without }),
  );
  const sent = outputFiles.filter(({ path }) => nameIn(first, basename(path)) !== "");
  return { gzipBytes: sent.reduce((sum, { contents }) => sum + gzipSync(contents).length, 0) };
}

const nameIn = (paths: readonly string[], suffix: string): string =>
  basename(paths.find((path) => path.endsWith(suffix)) ?? "");

/** What the first page can't do without, the entry before all: other pages come in files of their own. */
function firstSent({ outputs }: Metafile): readonly string[] {
  const entry =
    Object.keys(outputs).find((path) => basename(path).startsWith("console-") && path.endsWith(".js")) ?? "";
  const sent = new Set([entry]);
  for (const path of sent) {
    for (const { path: needed, kind } of outputs[path]?.imports ?? []) {
      if (kind === "import-statement") sent.add(needed);
    }
  }
  const style = outputs[entry]?.cssBundle;
  return style === undefined ? [...sent] : [...sent, style];
}

const icon =
  "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E%3Crect width='16' height='16' rx='4' fill='%232f6f6a'/%3E%3Cpath d='M3 5.5h6M3 10.5h10M11 3v5' stroke='white' stroke-width='1.8' stroke-linecap='round' fill='none'/%3E%3C/svg%3E";

interface Head {
  readonly script: string;
  /** What the script imports at once: fetched beside it rather than after it. */
  readonly parts: readonly string[];
  readonly style: string;
  readonly title: string;
  readonly without: string;
}

const page = ({ script, parts, style, title, without }: Head): string => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title}</title>
<link rel="icon" href="${icon}">
<link rel="stylesheet" href="${style}">
${parts.map((part) => `<link rel="modulepreload" href="${part}">\n`).join("")}<script type="module" src="${script}"></script>
</head>
<body>
<div id="root"></div>
<noscript>This page needs JavaScript. ${without}</noscript>
</body>
</html>
`;
