import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { kubeconfigText } from "../embedded/tls/kubeconfig.ts";
import { loadKubeconfig } from "./kubeconfig.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "sluice-kubeconfig-"));
});
afterEach(() => rm(folder, { recursive: true }));

const load = async (text: string, context?: string) => {
  await writeFile(join(folder, "config"), text);
  return loadKubeconfig(join(folder, "config"), context);
};

const withUser = (user: string, cluster = "") => `
apiVersion: v1
kind: Config
current-context: here
contexts: [{name: here, context: {cluster: c, user: u, namespace: shop}}]
clusters: [{name: c, cluster: {server: "https://127.0.0.1:7443/"${cluster}}}]
users: [{name: u, user: {${user}}}]
`;

test("what Sluice writes is read back", async () => {
  const text = kubeconfigText({ server: "https://127.0.0.1:7443", authority: "PEM", token: "t" });

  expect(await load(text)).toEqual({ baseUrl: "https://127.0.0.1:7443", ca: "PEM", token: "t", namespace: "default" });
});

test("files beside it are read: authority, token, client certificate", async () => {
  for (const name of ["ca", "token", "crt", "key"]) await writeFile(join(folder, name), `${name}\n`);

  expect(
    await load(withUser("tokenFile: token, client-certificate: crt, client-key: key", ", certificate-authority: ca")),
  ).toEqual({
    baseUrl: "https://127.0.0.1:7443",
    ca: "ca\n",
    token: "token",
    clientCertificate: { certificate: "crt\n", key: "key\n" },
    namespace: "shop",
  });
});

test.each([
  ["exec", withUser("exec: {command: aws}"), /users\[here\].exec/],
  ["a password", withUser("username: a, password: hunter2"), /username/],
  ["no verification", withUser("token: t", ", insecure-skip-tls-verify: true"), /insecure-skip-tls-verify/],
  ["plain http", withUser("token: t").replace("https", "http"), /expected an https URL/],
  [
    "no such context",
    withUser("token: t").replace("current-context: here", "current-context: there"),
    /no entry "there"/,
  ],
  ["no context", withUser("token: t").replace("current-context: here", ""), /current-context/],
  ["no YAML", "{token: hunter2", /is not YAML/],
])("%s is refused by name, with nothing secret in the words", async (_, text, words) => {
  const fault = await load(text).catch((thrown: Error) => thrown);

  expect(fault).toMatchObject({ kind: "invalid", message: words });
  expect((fault as Error).message).not.toContain("hunter2");
});

test("a file that isn't there", async () => {
  await expect(loadKubeconfig(join(folder, "nothing"))).rejects.toMatchObject({ kind: "invalid", message: /ENOENT/ });
});
