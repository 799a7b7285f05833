import { writeFile } from "node:fs/promises";
import { Fault } from "@sluice/kernel";
import { findingsAsJson, fixFiles, hasManifest, lintFiles, renderFindings } from "../lint/index.ts";
import { readFiles } from "../manifests.ts";
import { differenceOf } from "../terminal/difference.ts";
import { hasColour } from "../terminal/style.ts";

interface LintOptions {
  readonly json?: boolean;
  /** Writes the repairs that are mechanical. */
  readonly fix?: boolean;
  /** Shows them, and writes nothing. */
  readonly diff?: boolean;
}

/** `sluice lint FILE…`: all manifests at once; 1 where there is an error, 0 with warnings only. Refuses what holds none. */
export async function lint(paths: readonly string[], options: LintOptions): Promise<number> {
  const isPiped = options.fix === true && options.diff !== true && paths.includes("-");
  if (options.json && (isPiped || options.diff)) {
    const other = options.diff ? "--diff" : "--fix of standard input";
    throw new Fault("invalid", `--json and ${other} both print to standard output: one of them`);
  }
  const read = await readFiles(paths);
  if (read.length === 0)
    throw new Fault("invalid", `no YAML or JSON file in ${paths.join(", ")}: nothing was looked at`);
  const isFixing = options.fix === true || options.diff === true;
  const files = isFixing ? await fixed(read, options) : read;
  const findings = lintFiles(files);
  if (findings.length === 0 && !hasManifest(files))
    throw new Fault("invalid", `no manifest in ${paths.join(", ")}: nothing was looked at`);
  const errors = findings.filter(({ severity }) => severity === "error").length;
  if (options.json) console.log(findingsAsJson(findings, files.length));
  else if (isPiped) console.error(renderFindings(findings, { color: hasColour() }));
  else if (!(options.diff === true)) console.log(renderFindings(findings, { color: hasColour() }));
  return errors > 0 ? 1 : 0;
}

async function fixed(read: Awaited<ReturnType<typeof readFiles>>, { diff, json }: LintOptions) {
  const { files, repaired } = fixFiles(read, lintFiles);
  const changed = files.filter(({ text }, index) => text !== read[index]?.text);
  for (const { path, text } of changed) {
    const before = read.find((file) => file.path === path)?.text ?? "";
    if (diff === true) console.log(differenceOf(path, before, text));
    else if (path !== "<stdin>") await writeFile(path, text);
  }
  // What came through a pipe goes back through it, whether anything was repaired in it or not, and nothing else does.
  if (diff !== true) for (const { path, text } of files) if (path === "<stdin>") process.stdout.write(text);
  if (diff !== true && json !== true) {
    console.error(`${repaired} repaired in ${changed.length} file${changed.length === 1 ? "" : "s"}`);
  }
  return files;
}
