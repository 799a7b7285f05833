import { mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { RepositoryCredential } from "./git/credentials.ts";
import { GitSources } from "./git-sources.ts";
import { configMap, refusal, ScratchRepository } from "./testing/scratch-repository.ts";

let repository: ScratchRepository;
let folder: string;
let sources: GitSources;
let credentials: RepositoryCredential[];

beforeEach(() => {
  repository = new ScratchRepository();
  folder = mkdtempSync(join(tmpdir(), "sluice-mirrors-"));
  credentials = [];
  sources = new GitSources({ folder, credentials: () => credentials, timeoutMillis: 5000 });
});

afterEach(() => {
  sources.close();
  repository.remove();
  rmSync(folder, { recursive: true, force: true });
});

describe("revisions", () => {
  test("branch, tag, sha, short sha and HEAD name the same commit", async () => {
    const sha = repository.push({ "a.yaml": configMap("a") });
    repository.git("tag", "-a", "v1", "-m", "one");
    repository.git("push", "--quiet", "origin", "v1");

    const named = await Promise.all(
      ["main", "v1", sha, sha.slice(0, 8), "HEAD", "", "refs/heads/main"].map((name) =>
        sources.resolveRevision(repository.url, name),
      ),
    );

    expect(new Set(named)).toEqual(new Set([sha]));
  });

  test("a branch is looked up anew each time", async () => {
    const first = repository.push({ "a.yaml": configMap("a") });
    const before = await sources.resolveRevision(repository.url, "main");

    const second = repository.push({ "a.yaml": configMap("b") });
    const after = await sources.resolveRevision(repository.url, "main");

    expect([before, after]).toEqual([first, second]);
  });

  test.each([
    "--upload-pack=touch /tmp/x",
    "main~1",
    "main^{tree}",
    ":/fix",
    "@{1}",
    "a..b",
    "v1.*",
    ">=1.0.0",
    "a\nb",
  ])("%j is no revision", async (revision) => {
    repository.push({ "a.yaml": configMap("a") });

    const fault = await refusal(sources.resolveRevision(repository.url, revision));

    expect(fault.kind).toBe("invalid");
    expect(fault.violations[0]?.path).toBe("spec.source.targetRevision");
  });

  test.each([
    "--upload-pack=touch /tmp/x",
    "ext::sh -c id",
    "ext::sh",
    "fd::3",
    "-oProxyCommand=id",
    "ssh://-oProxyCommand=id/x",
    "git@-oProxyCommand=id:x",
    "https://user:secretword@host/x",
    "file:///a/../etc",
    "git://host/x",
    "relative/path",
    "https://host/x\n",
  ])("%j is no repository", async (url) => {
    const fault = await refusal(sources.resolveRevision(url, "HEAD"));

    expect(fault.kind).toBe("invalid");
    expect(`${fault.message} ${JSON.stringify(fault.violations)}`).not.toContain("secretword");
  });
});

describe("manifests", () => {
  test("reads several documents, Lists and JSON, with file and line, and the commit", async () => {
    const sha = repository.push(
      {
        "app/a.yaml": `${configMap("one")}---\n${configMap("two")}`,
        "app/b.json": JSON.stringify({ apiVersion: "v1", kind: "Secret", metadata: { name: "three" } }),
        "app/c.yml": `apiVersion: v1\nkind: List\nitems:\n  - {apiVersion: v1, kind: Pod, metadata: {name: four}}\n`,
        "app/notes.md": "no manifest",
        "app/deep/d.yaml": configMap("five"),
      },
      "Add the app\n\nbody",
    );

    const flat = await sources.fetchManifests({ repoURL: repository.url, revision: "main", path: "app" });
    const deep = await sources.fetchManifests({
      repoURL: repository.url,
      revision: "main",
      path: "./app/",
      directory: { recurse: true },
    });

    expect(flat.resources.map(({ file, line, resource }) => `${file}:${line} ${resource.metadata.name}`)).toEqual([
      "app/a.yaml:1 one",
      "app/a.yaml:6 two",
      "app/b.json:1 three",
      "app/c.yml:1 four",
    ]);
    expect(deep.resources.map(({ resource }) => resource.metadata.name)).toEqual([
      "one",
      "two",
      "three",
      "four",
      "five",
    ]);
    expect(flat.revision).toBe(sha);
    expect(flat.commit).toMatchObject({ author: "Ada <ada@example.org>", subject: "Add the app" });
    expect(flat.isBranch).toBe(true);
    expect(flat.faults).toEqual([]);
  });

  test("include and exclude are Argo CD's globs", async () => {
    repository.push({
      "app/a.yaml": configMap("a"),
      "app/b.yaml": configMap("b"),
      "app/x/c.yaml": configMap("c"),
      "app/x/d.json": '{"apiVersion":"v1","kind":"Pod","metadata":{"name":"d"}}',
    });
    const names = async (directory: object) =>
      (
        await sources.fetchManifests({ repoURL: repository.url, revision: "main", path: "app", directory })
      ).resources.map(({ resource }) => resource.metadata.name);

    expect(await names({ include: "{a,b}.yaml" })).toEqual(["a", "b"]);
    expect(await names({ recurse: true, exclude: "*.json" })).toEqual(["a", "b", "c"]);
    expect(await names({ recurse: true, include: "x/*", exclude: "x/d*" })).toEqual(["c"]);
  });

  test("a broken document is a fault with its line, and the others are still read", async () => {
    repository.push({
      "app/a.yaml": `${configMap("one")}---\napiVersion: v1\nkind: [\n---\n${configMap("two")}`,
      "app/b.yaml": "just: values\n",
    });

    const { faults, resources } = await sources.fetchManifests({
      repoURL: repository.url,
      revision: "main",
      path: "app",
    });

    expect(faults.map(({ file, line }) => `${file}:${line}`)).toEqual(["app/a.yaml:8", "app/b.yaml:1"]);
    expect(resources).toHaveLength(2);
  });

  test("an alias bomb, a deep nest and a huge file are refused at once", async () => {
    let bomb = "a0: &a0 [x, x]\n";
    for (let level = 1; level < 40; level++) bomb += `a${level}: &a${level} [*a${level - 1}, *a${level - 1}]\n`;
    repository.push({
      "bomb/a.yaml": bomb,
      "deep/a.yaml": `a: ${"[".repeat(5000)}`,
      "huge/a.yaml": `a: ${"x".repeat(11 * 1024 * 1024)}`,
    });

    const faults = await Promise.all(
      ["bomb", "deep", "huge"].map(
        async (path) =>
          (await sources.fetchManifests({ repoURL: repository.url, revision: "main", path })).faults[0]?.message,
      ),
    );

    expect(faults[0]).toContain("once its aliases are written out");
    expect(faults[1]).toContain("nest");
    expect(faults[2]).toContain("larger than 10 MiB");
  });

  test("symbolic links stay inside the path", async () => {
    repository.write({ "app/real.yaml": configMap("real"), "secret.yaml": configMap("secret") });
    symlinkSync("real.yaml", join(repository.work, "app/good.yaml"));
    symlinkSync("../secret.yaml", join(repository.work, "app/out.yaml"));
    symlinkSync("/etc/passwd", join(repository.work, "app/absolute.yaml"));
    symlinkSync("loop.yaml", join(repository.work, "app/loop.yaml"));
    repository.push({});

    const { faults, resources } = await sources.fetchManifests({
      repoURL: repository.url,
      revision: "main",
      path: "app",
    });

    expect(resources.map(({ file }) => file)).toEqual(["app/good.yaml", "app/real.yaml"]);
    expect(faults.map(({ file, message }) => `${file} ${message}`)).toEqual([
      "app/absolute.yaml is a symbolic link to an absolute path",
      "app/loop.yaml is a symbolic link that leads to itself",
      "app/out.yaml is a symbolic link that leaves the Application's path",
    ]);
  });

  test.each([
    ["../etc", "without `..`"],
    ["/etc", "relative"],
    ["nowhere", "a folder of the repository"],
    ["kustomized", "Kustomize"],
    ["chart", "Helm"],
  ])("the path %s is refused", async (path, said) => {
    repository.push({ "app/a.yaml": configMap("a"), "kustomized/kustomization.yaml": "", "chart/Chart.yaml": "" });

    const fault = await refusal(sources.fetchManifests({ repoURL: repository.url, revision: "main", path }));

    expect(fault.kind).toBe("invalid");
    expect(fault.message).toContain(said);
  });

  test("a commit elsewhere in the repository leaves the digest as it was", async () => {
    repository.push({ "app/a.yaml": configMap("a"), "other/b.yaml": configMap("b") });
    const before = await sources.fetchManifests({ repoURL: repository.url, revision: "main", path: "app" });

    repository.push({ "other/b.yaml": configMap("c") });
    const after = await sources.fetchManifests({ repoURL: repository.url, revision: "main", path: "app" });

    expect(after.revision).not.toBe(before.revision);
    expect(after.digest).toBe(before.digest);
    expect(after.resources).toBe(before.resources);
  });
});
