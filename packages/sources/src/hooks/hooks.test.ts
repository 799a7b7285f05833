import { createHmac } from "node:crypto";
import { createServer } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { HookHandler } from "./hook-handler.ts";
import { type HookSecrets, verifyHook } from "./verify-hook.ts";

const secrets: HookSecrets = { github: "gh", gitlab: "gl", gitea: "gt" };
const sign = (secret: string, body: string) => createHmac("sha256", secret).update(body).digest("hex");
const github = JSON.stringify({ ref: "refs/heads/main", repository: { clone_url: "https://github.com/a/b.git" } });

describe("signatures", () => {
  test.each([
    ["GitHub", { "x-github-event": "push", "x-hub-signature-256": `sha256=${sign("gh", github)}` }, "push"],
    ["Gitea", { "x-gitea-event": "push", "x-github-event": "push", "x-gitea-signature": sign("gt", github) }, "push"],
    ["GitLab", { "x-gitlab-event": "Push Hook", "x-gitlab-token": "gl" }, "push"],
    ["a ping", { "x-github-event": "ping", "x-hub-signature-256": `sha256=${sign("gh", github)}` }, "ignored"],
    ["another secret", { "x-github-event": "push", "x-hub-signature-256": `sha256=${sign("gt", github)}` }, "refused"],
    ["sha1 only", { "x-github-event": "push", "x-hub-signature": `sha1=${sign("gh", github)}` }, "refused"],
    ["no signature", { "x-github-event": "push" }, "refused"],
    ["an empty token", { "x-gitlab-event": "Push Hook", "x-gitlab-token": "" }, "refused"],
    ["no forge", {}, "refused"],
  ])("%s", (_name, headers, expected) => {
    const verdict = verifyHook(headers, Buffer.from(github), secrets);

    expect(verdict.is).toBe(expected);
  });

  test("without a secret nothing is taken, not even signed with an empty one", () => {
    const headers = { "x-github-event": "push", "x-hub-signature-256": `sha256=${sign("", github)}` };

    const verdicts = [{}, { github: "" }].map((none) => verifyHook(headers, Buffer.from(github), none));

    expect(verdicts.map((verdict) => verdict.is)).toEqual(["refused", "refused"]);
  });

  test("GitLab's project names the repository in every spelling", () => {
    const body = JSON.stringify({
      ref: "refs/tags/v1",
      project: { git_http_url: "https://gitlab.com/a/b.git", git_ssh_url: "git@gitlab.com:a/b.git" },
    });

    const verdict = verifyHook(
      { "x-gitlab-event": "Tag Push Hook", "x-gitlab-token": "gl" },
      Buffer.from(body),
      secrets,
    );

    expect(verdict).toEqual({
      is: "push",
      ref: "refs/tags/v1",
      repositories: ["https://gitlab.com/a/b.git", "git@gitlab.com:a/b.git"],
    });
  });
});

describe("POST /hooks/git", () => {
  let heard: (readonly string[])[];
  let handler: HookHandler;
  let close: () => void;
  let port: number;

  beforeEach(async () => {
    heard = [];
    handler = new HookHandler({
      secrets: () => secrets,
      onPush: (urls) => heard.push(urls),
      quietMillis: 100,
      maxBytes: 10_000,
      maxConcurrent: 8,
    });
    const server = createServer((request, response) => handler.handle(request, response));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    port = (server.address() as AddressInfo).port;
    close = () => {
      handler.close();
      server.closeAllConnections();
      server.close();
    };
  });

  afterEach(() => close());

  const post = (body: string, headers: Record<string, string>) =>
    fetch(`http://127.0.0.1:${port}/hooks/git`, { method: "POST", body, headers });
  const signed = (body: string) => ({ "x-github-event": "push", "x-hub-signature-256": `sha256=${sign("gh", body)}` });

  test("a storm is the first call at once and one more after it", async () => {
    const bodies = Array.from({ length: 300 }, (_, index) =>
      JSON.stringify({ repository: { clone_url: `https://github.com/a/${index % 3}.git` } }),
    );

    const statuses = new Set<number>();
    for (let at = 0; at < bodies.length; at += 5) {
      const answers = await Promise.all(bodies.slice(at, at + 5).map((body) => post(body, signed(body))));
      for (const { status } of answers) statuses.add(status);
    }
    await expect.poll(() => new Set(heard.flat()).size).toBe(3);

    expect(statuses).toEqual(new Set([202]));
    expect(heard.length).toBeLessThan(40);
    expect(heard[0]).toHaveLength(1);
  });

  test("too large a body is refused, by its length or when it comes", async () => {
    const large = "x".repeat(20_000);

    const named = await post(large, {}).then(
      ({ status }) => status,
      () => 413,
    );
    const streamed = await fetch(`http://127.0.0.1:${port}/`, {
      method: "POST",
      duplex: "half",
      body: new Blob([large]).stream(),
    } as RequestInit).then(
      ({ status }) => status,
      () => 413,
    );

    expect([named, streamed]).toEqual([413, 413]);
    expect(heard).toEqual([]);
  });

  test("callers that never send their bodies don't keep others out for long, and are bounded", async () => {
    const sockets = Array.from({ length: 8 }, () => connect(port, "127.0.0.1"));
    for (const socket of sockets) socket.write("POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\n");
    await expect.poll(async () => (await post(github, signed(github))).status).toBe(429);

    for (const socket of sockets) socket.destroy();

    await expect.poll(async () => (await post(github, signed(github))).status).toBe(202);
  });

  test("a bad signature is 401 and tells nobody", async () => {
    const { status } = await post(github, { ...signed(github), "x-hub-signature-256": "sha256=00" });

    expect(status).toBe(401);
    expect(heard).toEqual([]);
  });
});
