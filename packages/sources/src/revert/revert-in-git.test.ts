import { createHash } from "node:crypto";
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Resource } from "@sluice/api";
import { canonicalJson } from "@sluice/kernel";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { GitSources } from "../git-sources.ts";
import { ScratchRepository } from "../testing/scratch-repository.ts";
import { revertInGit } from "./revert-in-git.ts";
import type { RevertRequest } from "./revert-request.ts";

const rollout = (image: string, more = "") => `# the shop's rollout
apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata:
  name: shop
spec:
  replicas: 3   # enough
  template:
    spec:
      containers:
        - name: web
          image: ${image}
${more}`;

const digest = (workload: Resource) =>
  createHash("sha256")
    .update(canonicalJson((workload.spec as { template: unknown }).template))
    .digest("hex");
const digestOfImage = (image: string, metadata?: object) =>
  createHash("sha256")
    .update(canonicalJson({ ...(metadata && { metadata }), spec: { containers: [{ name: "web", image }] } }))
    .digest("hex");

let repository: ScratchRepository;
let folder: string;
let sources: GitSources;

beforeEach(() => {
  repository = new ScratchRepository();
  folder = mkdtempSync(join(tmpdir(), "sluice-revert-"));
  sources = new GitSources({ folder: join(folder, "git"), timeoutMillis: 3000 });
  repository.push(
    {
      "app/rollout.yaml": rollout("shop:v1"),
      "app/config.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\ndata: {a: one}\n",
      "other/x.yaml": "one\n",
    },
    "v1",
  );
});

afterEach(() => {
  sources.close();
  repository.remove();
  rmSync(folder, { recursive: true, force: true });
});

const request = (more: Partial<RevertRequest> = {}): RevertRequest => ({
  repoURL: repository.url,
  revision: "main",
  path: "app",
  application: "shop",
  workload: { apiVersion: "argoproj.io/v1alpha1", kind: "Rollout", name: "shop", namespace: "production" },
  badDigest: digestOfImage("shop:v2"),
  goodDigest: digestOfImage("shop:v1"),
  mode: "branch",
  reason: "metric error-rate failed",
  id: "6f1c2d3e-0000-4000-8000-000000000001",
  quarantine: "production/shop-x",
  at: "2026-01-02T03:04:05Z",
  ...more,
});

const revert = (more: Partial<RevertRequest> = {}) =>
  revertInGit(
    {
      cache: sources.cache,
      renderer: sources.renderer,
      stateFolder: folder,
      digestsOf: (workload) => [digest(workload)],
    },
    request(more),
  );
const show = (ref: string, file: string) => repository.origin("show", `${ref}:${file}`);
const commits = (ref = "main") => Number(repository.origin("rev-list", "--count", ref));

describe("branch, the default", () => {
  test("restores this application's files to the last good ones, on a branch of its own", async () => {
    const bad = repository.push(
      {
        "app/rollout.yaml": rollout("shop:v2"),
        "app/config.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\ndata: {a: two}\n",
      },
      "v2",
    );

    const outcome = await revert();

    const branch = `sluice/revert-shop-${bad.slice(0, 12)}`;
    expect(outcome).toMatchObject({ is: "branchPushed", branch, reverts: bad });
    expect(show(branch, "app/rollout.yaml")).toBe(rollout("shop:v1").trim());
    expect(show(branch, "app/config.yaml")).toContain("one");
    expect(repository.origin("rev-parse", `${branch}^`)).toBe(bad);
    expect(repository.origin("rev-parse", "main")).toBe(bad);
    expect(repository.origin("log", "-1", "--format=%B", branch)).toContain(
      "Sluice-Revert: 6f1c2d3e-0000-4000-8000-000000000001",
    );
  });

  test("again it does nothing more", async () => {
    repository.push({ "app/rollout.yaml": rollout("shop:v2") }, "v2");

    const first = await revert();
    const second = await revert();

    expect(second).toMatchObject({
      is: "branchPushed",
      branch: first.branch,
      commit: first.commit,
      reverts: first.reverts,
    });
    expect(repository.origin("branch", "--list", "sluice/*").split("\n")).toHaveLength(1);
  });

  test("two applications in one commit: only ours is restored", async () => {
    repository.push({ "app/rollout.yaml": rollout("shop:v2"), "other/x.yaml": "two\n" }, "v2 of both");

    const outcome = await revert({ mode: "commit" });

    expect(outcome).toMatchObject({ is: "branchPushed" });
    expect(outcome.message).toContain("other/x.yaml");
    expect(show(outcome.branch ?? "", "app/rollout.yaml")).toContain("shop:v1");
    expect(show(outcome.branch ?? "", "other/x.yaml")).toBe("two");
  });

  test("later changes of the same file stay", async () => {
    const bad = repository.push({ "app/rollout.yaml": rollout("shop:v2") }, "v2");
    repository.push({ "app/rollout.yaml": rollout("shop:v2").replace("replicas: 3", "replicas: 5") }, "more");

    const outcome = await revert({ mode: "commit" });

    expect(outcome).toMatchObject({ is: "branchPushed", reverts: bad });
    expect(outcome.message).toContain("HEAD has moved");
    expect(show(outcome.branch ?? "", "app/rollout.yaml")).toBe(
      rollout("shop:v1").replace("replicas: 3", "replicas: 5").trim(),
    );
  });

  test("no push rights: a patch file, and it says so", async () => {
    repository.push({ "app/rollout.yaml": rollout("shop:v2") }, "v2");
    const hook = join(repository.bare, "hooks/pre-receive");
    writeFileSync(hook, "#!/bin/sh\necho 'pushes are for maintainers' >&2\nexit 1\n");
    chmodSync(hook, 0o755);

    const outcome = await revert();

    expect(outcome.is).toBe("patchWritten");
    expect(outcome.message).toContain("declined");
    const patch = join(folder, outcome.patchPath ?? "");
    repository.git("apply", "--check", patch);
    expect(readFileSync(patch, "utf8")).toContain("+          image: shop:v1");
    expect(repository.origin("branch", "--list", "sluice/*")).toBe("");
  });
});

describe("commit, where it is safe", () => {
  test("one attributable commit at HEAD is taken back directly, history is kept", async () => {
    const bad = repository.push({ "app/rollout.yaml": rollout("shop:v2") }, "v2");

    const outcome = await revert({ mode: "commit" });

    expect(outcome).toMatchObject({ is: "committed", reverts: bad, branch: "main" });
    expect(repository.origin("rev-parse", "main^")).toBe(bad);
    expect(show("main", "app/rollout.yaml")).toBe(rollout("shop:v1").trim());
    expect(repository.origin("log", "-1", "--format=%s", "main")).toBe('Revert "v2"');
  });

  test("done before is done: no second commit, not even when the same version comes again", async () => {
    repository.push({ "app/rollout.yaml": rollout("shop:v2") }, "v2");
    const first = await revert({ mode: "commit" });
    const again = await revert({ mode: "commit" });
    repository.git("pull", "--quiet", "origin", "main");
    repository.push({ "app/rollout.yaml": rollout("shop:v2") }, "v2 again");
    const count = commits();

    const third = await revert({ mode: "commit" });

    expect(again).toMatchObject({ is: "committed", commit: first.commit });
    expect(third).toMatchObject({ is: "committed", commit: first.commit });
    expect(commits()).toBe(count);
  });

  test("the fix already landed: nothing to do", async () => {
    repository.push({ "app/rollout.yaml": rollout("shop:v2") }, "v2");
    const fix = repository.push({ "app/rollout.yaml": rollout("shop:v3") }, "v3");

    const outcome = await revert({ mode: "commit" });

    expect(outcome.is).toBe("notNeeded");
    expect(repository.origin("rev-parse", "main")).toBe(fix);
  });

  test("a merge commit is never reverted directly", async () => {
    repository.git("checkout", "--quiet", "-b", "feature");
    repository.push({ "app/rollout.yaml": rollout("shop:v2") }, "v2");
    repository.git("checkout", "--quiet", "main");
    repository.git("merge", "--quiet", "--no-ff", "-m", "merge v2", "feature");
    repository.git("push", "--quiet", "origin", "main");
    const merge = repository.origin("rev-parse", "main");

    const outcome = await revert({ mode: "commit" });

    expect(outcome).toMatchObject({ is: "branchPushed", reverts: merge });
    expect(outcome.message).toContain("merge commit");
    expect(repository.origin("rev-parse", "main")).toBe(merge);
    expect(show(outcome.branch ?? "", "app/rollout.yaml")).toContain("shop:v1");
  });

  test("somebody pushes at the same moment: HEAD isn't touched", async () => {
    repository.push({ "app/rollout.yaml": rollout("shop:v2") }, "v2");
    // The hook plays the colleague: it moves main before our push is looked at.
    const colleague = repository.push({ "other/x.yaml": "three\n" }, "by a colleague");
    repository.origin("update-ref", "refs/heads/main", `${colleague}^`);
    const hook = join(repository.bare, "hooks/pre-receive");
    writeFileSync(
      hook,
      `#!/bin/sh\nread old new ref\n[ "$ref" = refs/heads/main ] && unset GIT_QUARANTINE_PATH && git update-ref refs/heads/main ${colleague}\nexit 0\n`,
    );
    chmodSync(hook, 0o755);

    const outcome = await revert({ mode: "commit" });

    expect(outcome.is).toBe("branchPushed");
    expect(outcome.message).toContain("HEAD moved");
    expect(repository.origin("rev-parse", "main")).toBe(colleague);
  });

  test("a tag or a sha can't be committed to", async () => {
    const bad = repository.push({ "app/rollout.yaml": rollout("shop:v2") }, "v2");

    const outcome = await revert({ mode: "commit", revision: bad });

    expect(outcome).toMatchObject({ is: "branchPushed" });
    expect(outcome.message).toContain("no branch");
  });
});

describe("held", () => {
  test("a CustomResourceDefinition in the commit isn't undone by going back", async () => {
    repository.push(
      {
        "app/rollout.yaml": rollout("shop:v2"),
        "app/crd.yaml": "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: x.y}\n",
      },
      "v2",
    );

    const outcome = await revert({ mode: "commit" });

    expect(outcome.is).toBe("held");
    expect(outcome.message).toContain("not revertible: CustomResourceDefinition x.y changed (app/crd.yaml:1)");
    expect(repository.origin("branch", "--list", "sluice/*")).toBe("");
  });

  test("a version whose pod template says that it can't be undone", async () => {
    const marked = rollout("shop:v2").replace(
      "  template:\n",
      "  template:\n    metadata: {annotations: {sluice.dev/not-revertible: drops a column}}\n",
    );
    const badDigest = digestOfImage("shop:v2", { annotations: { "sluice.dev/not-revertible": "drops a column" } });
    repository.push({ "app/rollout.yaml": marked }, "v2");

    const outcome = await revert({ mode: "commit", badDigest });

    expect(outcome.is).toBe("held");
    expect(outcome.message).toContain("not revertible: Rollout shop changed (app/rollout.yaml:");
  });

  test("later changes of the same lines", async () => {
    repository.push({ "app/rollout.yaml": rollout("shop:v2") }, "v2");
    repository.push(
      { "app/rollout.yaml": rollout("shop:v2").replace("- name: web", "- name: web # renamed soon") },
      "touched",
    );

    const outcome = await revert();

    expect(outcome.is).toBe("held");
    expect(outcome.message).toContain("later commits changed the same lines of app/rollout.yaml");
  });

  test("the first commit ever has nothing to go back to", async () => {
    const outcome = await revert({ badDigest: digestOfImage("shop:v1") });

    expect(outcome.is).toBe("held");
  });

  test("quarantined versions are no place to go back to", async () => {
    repository.push({ "app/rollout.yaml": rollout("shop:v2") }, "v2");
    repository.push({ "app/rollout.yaml": rollout("shop:v3") }, "v3");

    const { goodDigest: _, ...rest } = request({
      badDigest: digestOfImage("shop:v3"),
      otherBadDigests: [digestOfImage("shop:v2")],
    });
    const outcome = await revertInGit(
      {
        cache: sources.cache,
        renderer: sources.renderer,
        stateFolder: folder,
        digestsOf: (workload) => [digest(workload)],
      },
      rest,
    );

    expect(outcome.is).toBe("branchPushed");
    expect(show(outcome.branch ?? "", "app/rollout.yaml")).toContain("shop:v1");
  });
});

test("a remote that hangs is given up as unavailable, and the repair succeeds once it answers", async () => {
  repository.push({ "app/rollout.yaml": rollout("shop:v2") }, "v2");
  const hook = join(repository.bare, "hooks/pre-receive");
  writeFileSync(hook, "#!/bin/sh\nsleep 60\n");
  chmodSync(hook, 0o755);

  const hung = await revert({ mode: "commit" }).catch((fault: { kind: string }) => fault);
  rmSync(hook);
  const outcome = await revert({ mode: "commit" });

  expect(hung).toMatchObject({ kind: "unavailable" });
  expect(outcome.is).toBe("committed");
  expect(existsSync(join(folder, "patches"))).toBe(false);
});
