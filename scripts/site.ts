// `npm run site [FOLDER]`: the page on which anyone can rehearse a Rollout, as files for any web server.
import { join, resolve } from "node:path";
import { buildSite } from "../packages/console/build.ts";

const folder = resolve(process.argv[2] ?? join(import.meta.dirname, "..", "dist", "site"));
const { gzipBytes } = await buildSite(folder);
console.log(
  `${folder}: ${Math.round(gzipBytes / 1024)} kB, and the rehearsal itself beside it; serve it with any web server`,
);
