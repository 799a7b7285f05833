import type { Resource } from "@sluice/api";
import { describe, expect, test } from "vitest";
import { credentialFor, credentialsFromSecrets } from "./credentials.ts";
import { parseRepositoryUrl, sameRepository } from "./repository-url.ts";

const secret = (name: string, type: string, data: Record<string, string>) =>
  ({
    apiVersion: "v1",
    kind: "Secret",
    metadata: { name, namespace: "argocd", labels: { "argocd.argoproj.io/secret-type": type } },
    data: Object.fromEntries(Object.entries(data).map(([key, value]) => [key, Buffer.from(value).toString("base64")])),
  }) as Resource;

const passwordFor = (url: string, secrets: Resource[]) =>
  credentialFor(parseRepositoryUrl(url), credentialsFromSecrets(secrets).credentials)?.password;

describe("which credentials a repository gets", () => {
  const secrets = [
    secret("own", "repository", { url: "https://host/team/app.git", username: "u", password: "own" }),
    secret("bare", "repository", { url: "https://host/team/bare" }),
    secret("team", "repo-creds", { url: "https://host/team", username: "u", password: "team" }),
    secret("host", "repo-creds", { url: "https://host", username: "u", password: "host" }),
  ];

  test.each([
    ["https://host/team/app", "own"],
    ["https://HOST/team/app.git/", "own"],
    ["https://host/team/bare", "team"],
    ["https://host/team/other", "team"],
    ["https://host/team-of-others/x", "host"],
    ["https://host.evil.example/team/app", undefined],
    ["http://host/team/app", undefined],
    ["https://host:444/team/app", undefined],
  ])("%s: %s", (url, expected) => {
    expect(passwordFor(url, secrets)).toBe(expected);
  });

  test("other Secrets are passed over, and what can't be honoured is named", () => {
    const { credentials, faults } = credentialsFromSecrets([
      secret("cluster", "cluster", { url: "https://host" }),
      secret("oci", "repository", { url: "https://host/x", type: "oci" }),
      secret("app", "repository", { url: "https://host/y", githubAppPrivateKey: "key" }),
    ]);

    expect(credentials).toEqual([]);
    expect(faults.map(({ secret: name, field }) => `${name} ${field}`)).toEqual([
      "argocd/oci type",
      "argocd/app githubAppPrivateKey",
    ]);
    expect(JSON.stringify(faults)).not.toContain('key"');
  });
});

test("two spellings of one place are the same repository", () => {
  const same = [
    ["git@github.com:a/b.git", "ssh://git@github.com/a/b"],
    ["https://GitHub.com/a/b.git", "https://github.com/a/b"],
    ["/srv/x.git", "file:///srv//x.git/"],
  ].map(([a = "", b = ""]) => sameRepository(a, b));

  expect(same).toEqual([true, true, true]);
  expect(sameRepository("https://github.com/a/b", "https://github.com/a/c")).toBe(false);
});
