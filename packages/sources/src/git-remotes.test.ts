import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { type AddressInfo, createServer as createTcp } from "node:net";
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

/** The same repository over http, by git's own backend; `guard` may answer first. */
async function serve(guard: (authorization: string | undefined) => number | undefined = () => undefined) {
  const server = createServer((request, response) => {
    const status = guard(request.headers.authorization);
    if (status !== undefined) {
      response.writeHead(status, status === 401 ? { "www-authenticate": 'Basic realm="git"' } : {}).end();
      return;
    }
    const [path = "", query = ""] = (request.url ?? "").split("?");
    const backend = spawn("git", ["http-backend"], {
      env: {
        PATH: process.env.PATH,
        GIT_PROJECT_ROOT: repository.folder,
        GIT_HTTP_EXPORT_ALL: "1",
        REMOTE_USER: "ada",
        PATH_INFO: path,
        QUERY_STRING: query,
        REQUEST_METHOD: request.method,
        CONTENT_TYPE: request.headers["content-type"] ?? "",
        HTTP_CONTENT_ENCODING: request.headers["content-encoding"] ?? "",
        GIT_PROTOCOL: request.headers["git-protocol"] ?? "",
      } as NodeJS.ProcessEnv,
    });
    request.pipe(backend.stdin);
    const chunks: Buffer[] = [];
    backend.stdout.on("data", (chunk: Buffer) => chunks.push(chunk));
    backend.on("close", () => {
      const all = Buffer.concat(chunks);
      const end = all.indexOf("\r\n\r\n");
      for (const line of all.toString("latin1", 0, end).split("\r\n")) {
        const [name = "", value = ""] = line.split(": ");
        if (name === "Status") response.statusCode = Number.parseInt(value, 10);
        else response.setHeader(name, value);
      }
      response.end(all.subarray(end + 4));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}/origin.git`, close: () => server.close() };
}

describe("remotes", () => {
  test("over http, with the credentials of a Secret, which nobody else can read", async () => {
    const sha = repository.push({ "app/a.yaml": configMap("a") });
    const expected = `Basic ${Buffer.from("ada:correct horse").toString("base64")}`;
    const server = await serve((authorization) => (authorization === expected ? undefined : 401));
    try {
      const without = await refusal(sources.resolveRevision(server.url, "main"));
      credentials = [
        { covers: "repo-creds", url: server.url.replace("/origin.git", ""), username: "ada", password: "wrong pony" },
      ];
      const wrong = await refusal(sources.resolveRevision(server.url, "main"));
      credentials = [{ covers: "repository", url: server.url, username: "ada", password: "correct horse" }];
      const right = await sources.fetchManifests({ repoURL: server.url, revision: "HEAD", path: "app" });

      expect(without.kind).toBe("forbidden");
      expect(wrong.kind).toBe("forbidden");
      expect(wrong.message).not.toContain("wrong pony");
      expect(right.revision).toBe(sha);
    } finally {
      server.close();
    }
  });

  test("over ssh, with the key of a Secret in a file that only we can read", async () => {
    const sha = repository.push({ "app/a.yaml": configMap("a") });
    const bin = join(folder, "bin");
    mkdirSync(bin, { recursive: true });
    // Stands where ssh would: notes how it was called, and runs what the other side would run.
    writeFileSync(
      join(bin, "ssh"),
      `#!/bin/sh\nfor a; do last="$a"; [ "$was" = -i ] && cat "$a" > ${folder}/key && stat -c %a "$a" > ${folder}/mode; was="$a"; done\necho "$@" > ${folder}/argv\nexec sh -c "$last"\n`,
      { mode: 0o755 },
    );
    const before = process.env.PATH;
    process.env.PATH = `${bin}:${before}`;
    const url = `ssh://git@forge.example${repository.bare}`;
    credentials = [{ covers: "repository", url, sshPrivateKey: "-----BEGIN KEY-----\nsecret\n-----END KEY-----" }];
    try {
      const found = await sources.resolveRevision(url, "main");

      expect(found).toBe(sha);
      expect(readFileSync(join(folder, "key"), "utf8")).toBe("-----BEGIN KEY-----\nsecret\n-----END KEY-----\n");
      expect(readFileSync(join(folder, "mode"), "utf8").trim()).toBe("600");
      expect(readFileSync(join(folder, "argv"), "utf8")).toContain("-o BatchMode=yes");
      expect(readFileSync(join(folder, "argv"), "utf8")).not.toContain("secret");
    } finally {
      process.env.PATH = before;
    }
  });

  test("a remote that hangs is given up, its processes are gone, and others were never held up", async () => {
    repository.push({ "app/a.yaml": configMap("a") });
    const sockets = new Set<import("node:net").Socket>();
    const tarpit = createTcp((socket) => sockets.add(socket.on("error", () => {})));
    await new Promise<void>((resolve) => tarpit.listen(0, "127.0.0.1", resolve));
    const { port } = tarpit.address() as AddressInfo;
    sources.close();
    sources = new GitSources({ folder, timeoutMillis: 5000 });
    const server = await serve();
    try {
      const hung = Array.from({ length: 12 }, (_, index) =>
        refusal(sources.resolveRevision(`http://127.0.0.1:${port}/${index}.git`, "main")),
      );
      let given = 0;
      for (const one of hung) void one.then(() => given++);
      await sources.fetchManifests({ repoURL: server.url, revision: "main", path: "app" });
      const givenUpBefore = given;
      const faults = await Promise.all(hung);

      expect(givenUpBefore, "the other waited for those that hang").toBe(0);
      expect(new Set(faults.map(({ kind }) => kind))).toEqual(new Set(["unavailable"]));
      expect(faults[0]?.message).toContain("no result within 5 s");
      const alive = () =>
        readdirSync("/proc").filter((pid) => /^\d+$/.test(pid) && commandLine(pid).includes(`:${port}/`));
      await expect.poll(alive).toEqual([]);
    } finally {
      server.close();
      for (const socket of sockets) socket.destroy();
      tarpit.close();
    }
  }, 20_000);

  test("what a killed git left in a mirror doesn't stand in the way for ever", async () => {
    repository.push({ "app/a.yaml": configMap("a") });
    const server = await serve();
    try {
      await sources.resolveRevision(server.url, "main");
      const mirror = join(folder, readdirSync(folder).find((name) => name.endsWith(".git")) ?? "");
      const lock = join(mirror, "refs/heads/main.lock");
      writeFileSync(lock, "");
      utimesSync(lock, new Date(0), new Date(0));
      const second = repository.push({ "app/a.yaml": configMap("b") });
      sources.invalidate(server.url);
      const locked = await sources.resolveRevision(server.url, "main");
      writeFileSync(join(mirror, "HEAD"), "");
      rmSync(join(mirror, "objects"), { recursive: true });
      const third = repository.push({ "app/a.yaml": configMap("c") });
      sources.invalidate(server.url);
      const broken = await sources.fetchManifests({ repoURL: server.url, revision: "main", path: "app" });

      expect([locked, broken.revision]).toEqual([second, third]);
    } finally {
      server.close();
    }
  });

  test("many questions at once are few fetches, and a push heard of is seen", async () => {
    let fetches = 0;
    const first = repository.push({ "app/a.yaml": configMap("a") });
    const server = await serve(() => {
      fetches++;
      return undefined;
    });
    try {
      const shas = await Promise.all(Array.from({ length: 50 }, () => sources.resolveRevision(server.url, "main")));
      const requests = fetches;
      const second = repository.push({ "app/a.yaml": configMap("b") });
      sources.invalidate(server.url);
      const seen = await sources.resolveRevision(server.url, "main");

      expect(new Set(shas)).toEqual(new Set([first]));
      expect(requests).toBeLessThan(10);
      expect(seen).toBe(second);
    } finally {
      server.close();
    }
  });
});

describe("watches", () => {
  test("a push to a repository on this machine is told at once, packed refs too", async () => {
    repository.push({ "app/a.yaml": configMap("a") });
    let told = () => {};
    let count = 0;
    const stop = sources.watchRepository(
      repository.url,
      () => {
        count++;
        told();
      },
      { pollMillis: 60_000 },
    );
    const next = () =>
      new Promise<void>((resolve) => {
        told = resolve;
      });
    try {
      // The first look announces nothing, and nobody is told when it has been: the first push that is told comes after it.
      let isTold = false;
      const pushed = next().then(() => {
        isTold = true;
      });
      for (let change = 1; !isTold; change++) {
        repository.push({ "app/a.yaml": configMap(`b${change}`) });
        await Promise.race([pushed, new Promise((resolve) => setTimeout(resolve, 1000))]);
      }
      const nested = next();
      repository.git("push", "--quiet", "origin", "HEAD:refs/heads/feature/x");
      await nested;
      repository.origin("pack-refs", "--all", "--prune");
      const packed = next();
      repository.push({ "app/a.yaml": configMap("c") });
      await packed;

      expect(count).toBeGreaterThanOrEqual(3);
    } finally {
      stop();
    }
  });

  test("a remote that is away at first is news once it is there", async () => {
    repository.push({ "app/a.yaml": configMap("a") });
    let isDown = true;
    const server = await serve(() => (isDown ? 500 : undefined));
    let stop = () => {};
    try {
      await new Promise<void>((resolve) => {
        const onFault = () => {
          isDown = false;
        };
        stop = sources.watchRepository(server.url, resolve, { pollMillis: 50, onFault });
      });
    } finally {
      stop();
      server.close();
    }
  });

  test("a remote is polled, and a failure is told without ending the watch", async () => {
    repository.push({ "app/a.yaml": configMap("a") });
    let isDown = false;
    const server = await serve(() => (isDown ? 500 : undefined));
    const faults: string[] = [];
    let told = () => {};
    const change = new Promise<void>((resolve) => {
      told = resolve;
    });
    let failed = () => {};
    const failure = new Promise<void>((resolve) => {
      failed = resolve;
    });
    const stop = sources.watchRepository(server.url, () => told(), {
      pollMillis: 50,
      onFault: (fault) => {
        faults.push(fault.kind);
        failed();
      },
    });
    try {
      await new Promise((resolve) => setTimeout(resolve, 200));
      isDown = true;
      await failure;
      repository.push({ "app/a.yaml": configMap("b") });
      isDown = false;
      await change;

      expect(faults[0]).toBe("unavailable");
    } finally {
      stop();
      server.close();
    }
  });
});

function commandLine(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8");
  } catch {
    return "";
  }
}
