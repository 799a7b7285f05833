#!/usr/bin/env node
// Runs on any Node that can read this, to say clearly when it is too old for the rest.
const [major, minor] = process.versions.node.split(".").map(Number);
if (major < 22 || (major === 22 && minor < 18)) {
  console.error(
    `sluice needs Node 22.18 or newer; this is ${process.versions.node}.\n` +
      "Get one from https://nodejs.org, or with nvm: nvm install 24, or with npm, in this folder: npm install node@24\n" +
      "Inside the repository, npm ci brings Node 24, and npx sluice and the npm scripts use it.",
  );
  process.exit(1);
}
const { existsSync } = await import("node:fs");
// From the repository the source runs as it is; the tarball brings one bundle.
const source = new URL("../src/main.ts", import.meta.url);
const { run } = await import(existsSync(source) ? source.href : new URL("../dist/main.mjs", import.meta.url).href);
await run(process.argv);
