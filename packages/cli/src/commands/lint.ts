import { lintFiles, renderFindings } from "../lint/index.ts";
import { readFiles } from "../manifests.ts";
import { hasColour } from "../terminal/style.ts";

/** `sluice lint FILE…`: all manifests at once; 1 where there is an error, 0 with warnings only. */
export async function lint(paths: readonly string[], options: { readonly json?: boolean }): Promise<number> {
  const files = await readFiles(paths);
  const findings = lintFiles(files);
  const errors = findings.filter(({ severity }) => severity === "error").length;
  if (options.json) console.log(JSON.stringify({ files: files.length, findings }));
  else console.log(renderFindings(findings, { color: hasColour() }));
  return errors > 0 ? 1 : 0;
}
