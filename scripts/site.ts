// `npm run site [-- FOLDER]`: the page on which anyone can rehearse a Rollout, as files for any web server.
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { buildSite } from "../packages/console/build.ts";

const usage = "npm run site [-- FOLDER]: builds the page on which anyone can rehearse a Rollout; default: dist/site";
const { values, positionals } = parseArgs({ allowPositionals: true, options: { help: { type: "boolean" } } });
if (values.help === true) {
  console.log(usage);
} else {
  const folder = resolve(positionals[0] ?? join(import.meta.dirname, "..", "dist", "site"));
  const { gzipBytes } = await buildSite(folder);
  console.log(
    `${folder}: ${Math.round(gzipBytes / 1024)} kB, and the rehearsal itself beside it; serve it with any web server`,
  );
}
