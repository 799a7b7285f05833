import { X509Certificate } from "node:crypto";
import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { createServer, request } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, hours, instant } from "@sluice/kernel";
import { afterEach, beforeEach, expect, test } from "vitest";
import { kubeconfigText, writeKubeconfig } from "./kubeconfig.ts";
import { type ServerIdentity, serverIdentity } from "./server-identity.ts";

let folder: string;
const now = instant(Date.now());

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "sluice-tls-"));
});
afterEach(() => rm(folder, { recursive: true }));

const statusOver = (identity: ServerIdentity, host: string): Promise<number | undefined> =>
  new Promise((resolve, reject) => {
    const server = createServer({ key: identity.key, cert: identity.certificate }, (_, response) => response.end());
    server.listen(0, "127.0.0.1", () => {
      const port = (server.address() as AddressInfo).port;
      const call = request({ host: "127.0.0.1", port, servername: host, ca: identity.authority, agent: false });
      call.on("response", (response) => {
        resolve(response.statusCode);
        response.resume();
        server.close();
      });
      call.on("error", (error) => {
        server.close();
        reject(error);
      });
      call.end();
    });
  });

test("a client that trusts the authority reaches localhost over TLS", async () => {
  const identity = await serverIdentity(folder, now);

  expect(await statusOver(identity, "localhost")).toBe(200);
  expect(await statusOver(identity, "kubernetes.default.svc")).toBe(200);
  await expect(statusOver(identity, "example.com")).rejects.toThrow(/altnames/);
});

test("the names that clients use are in the certificate", async () => {
  const { certificate } = await serverIdentity(folder, now);

  const parsed = new X509Certificate(certificate);
  expect(parsed.checkIP("127.0.0.1")).toBe("127.0.0.1");
  expect(parsed.checkIP("::1")).toBe("::1");
});

test("a second start keeps what is there, and a near end renews the server's certificate alone", async () => {
  const first = await serverIdentity(folder, now);

  const again = await serverIdentity(folder, now);
  const later = await serverIdentity(folder, after(now, hours(24 * 340)));

  expect(again).toEqual(first);
  expect(later.authority).toBe(first.authority);
  expect(later.certificate).not.toBe(first.certificate);
});

test("half a file from a crash is made anew", async () => {
  await serverIdentity(folder, now);
  await writeFile(join(folder, "server.crt"), "-----BEGIN CERTIFICATE-----\nMIIB");

  const mended = await serverIdentity(folder, now);

  expect(await statusOver(mended, "localhost")).toBe(200);
});

test("keys and kubeconfig are readable by their owner only", async () => {
  const identity = await serverIdentity(folder, now);
  await writeKubeconfig(join(folder, "kubeconfig"), { server: "https://127.0.0.1:1", token: "t", ...identity });

  for (const name of ["authority.key", "server.key", "kubeconfig"]) {
    expect((await stat(join(folder, name))).mode & 0o777).toBe(0o600);
  }
  const text = await readFile(join(folder, "kubeconfig"), "utf8");
  expect(text).toBe(kubeconfigText({ server: "https://127.0.0.1:1", token: "t", authority: identity.authority }));
});
