// Every page of docs/ is true: its commands are run to the letter, its links lead somewhere, its tables are current.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { withTables } from "../scripts/compatibility.ts";
import { blocksOf, Reader } from "./fixtures/document.ts";
import { repository } from "./fixtures/sluice.ts";
import { helmPath, kubectlPath } from "./kubectl.ts";

const docs = join(repository, "docs");
const pages = [
  "gitops.md",
  "releases.md",
  "blue-green.md",
  "rehearsal.md",
  "evidence.md",
  "judging.md",
  "analysis.md",
  "verdict.md",
  "workloads.md",
  "routing.md",
  "metrics.md",
  "images.md",
  "kubectl.md",
  "operations.md",
];
const commands = { kubectl: `exec "${kubectlPath("1.35")}" "$@"`, helm: `exec "${helmPath("1.35")}" "$@"` };

/** What "the hello application of Your own application" is: that page's first four steps. */
const hello = blocksOf("first-release.md").filter(({ heading }) => /^## [1-4]\./.test(heading));

// Much of a page is waiting, so that two readers take little more than half of the time of one.
test.concurrent.each(pages)(
  "docs/%s says what happens",
  async (page) => {
    const reader = new Reader(commands);
    const text = readFileSync(join(docs, page), "utf8");

    try {
      if (text.includes("](first-release.md)")) await reader.follow(hello);
      await reader.follow(blocksOf(page));
    } finally {
      await reader.leave();
    }
  },
  200_000,
);

test("the tables of docs/compatibility.md are those of the schemas", () => {
  const page = readFileSync(join(docs, "compatibility.md"), "utf8");

  expect(page, "run node scripts/compatibility.ts").toBe(withTables(page));
});

test("docs/dependencies.md names each dependency, and no other", () => {
  const manifests = [
    "package.json",
    ...readdirSync(join(repository, "packages")).map((room) => `packages/${room}/package.json`),
  ]
    .filter((path) => existsSync(join(repository, path)))
    .map((path) => JSON.parse(readFileSync(join(repository, path), "utf8")) as Record<string, Record<string, string>>);
  const used = new Set(
    manifests.flatMap(({ dependencies = {}, devDependencies = {} }) =>
      Object.keys({ ...dependencies, ...devDependencies }).filter((name) => !name.startsWith("@sluice/")),
    ),
  );
  const rows = readFileSync(join(docs, "dependencies.md"), "utf8").matchAll(/^\| ([^|]+) \|/gm);
  const named = new Set(
    [...rows].flatMap(([, cell = ""]) => [...cell.matchAll(/`([^`]+)`/g)].map(([, name = ""]) => name)),
  );

  expect([...named].toSorted()).toEqual([...used].toSorted());
});

test("links between the documents lead somewhere", () => {
  const files = [
    "README.md",
    "ARCHITECTURE.md",
    "CONTRIBUTING.md",
    "SECURITY.md",
    ...readdirSync(docs)
      .filter((name) => name.endsWith(".md"))
      .map((name) => `docs/${name}`),
  ];

  const broken = files.flatMap((file) =>
    [...readFileSync(join(repository, file), "utf8").matchAll(/\]\(([^)#\s]+)[^)]*\)|src="([^"]+)"/g)]
      .map(([, link, source]) => link ?? source ?? "")
      .filter((link) => !/^[a-z]+:/.test(link) && !existsSync(join(repository, dirname(file), link)))
      .map((link) => `${file}: ${link}`),
  );

  expect(broken).toEqual([]);
});
