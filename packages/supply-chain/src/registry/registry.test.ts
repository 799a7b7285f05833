import { execFile } from "node:child_process";
import { mkdtemp, readFile, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterEach, expect, test } from "vitest";
import { buildImage } from "../image/build.ts";
import { ImageStore } from "../image/image-store.ts";
import { createRegistryHandler } from "./handler.ts";

const run = promisify(execFile);
const temporary = () => mkdtemp(join(tmpdir(), "sluice-registry-"));
const servers: Server[] = [];

afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

async function registry() {
  const images = new ImageStore({ folder: await temporary() });
  const handler = createRegistryHandler({ store: images.content, username: "sluice", password: "secret" });
  const server = createServer((request, response) => void handler(request, response));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  servers.push(server);
  return { images, host: `127.0.0.1:${(server.address() as AddressInfo).port}` };
}

async function folderWith(text: string): Promise<string> {
  const folder = await temporary();
  await writeFile(join(folder, "server.js"), text);
  return folder;
}

const credentials = () => ({ username: "sluice", password: "secret" });

test("an image is pulled from another registry, and again by digest without it", async () => {
  const far = await registry();
  const built = await buildImage(far.images.content, {
    folder: await folderWith("far"),
    tag: "team/shop:v1",
    command: ["node", "server.js"],
  });
  const near = new ImageStore({ folder: await temporary(), credentials });

  const pulled = await near.resolve(`${far.host}/team/shop:v1`);
  servers.splice(0)[0]?.close();
  const again = await near.resolve(`${far.host}/team/shop@${built.digest}`);
  const target = await temporary();
  await near.unpack(again.digest, target);

  expect(pulled.digest).toBe(built.digest);
  expect(await readFile(join(target, "server.js"), "utf8")).toBe("far");
});

test("without credentials everything is refused, and the refusal names no secret", async () => {
  const { host } = await registry();

  const response = await fetch(`http://${host}/v2/`);

  expect(response.status).toBe(401);
  expect(response.headers.get("www-authenticate")).toBe('Basic realm="sluice"');
  expect(await response.text()).not.toContain("secret");
});

test("a blob that isn't what its digest says is refused and not kept", async () => {
  const { host, images } = await registry();
  const authorization = `Basic ${Buffer.from("sluice:secret").toString("base64")}`;
  const digest = `sha256:${"0".repeat(64)}`;

  const begun = await fetch(`http://${host}/v2/shop/blobs/uploads/`, { method: "POST", headers: { authorization } });
  const ended = await fetch(`http://${host}${begun.headers.get("location")}?digest=${digest}`, {
    method: "PUT",
    headers: { authorization },
    body: "something else",
  });

  expect(begun.status).toBe(202);
  expect(ended.status).toBe(400);
  expect(await images.content.hasBlob(digest)).toBe(false);
});

test("hostile names reach no file", async () => {
  const { host } = await registry();
  const authorization = `Basic ${Buffer.from("sluice:secret").toString("base64")}`;
  const paths = [
    "/v2/..%2f..%2fetc/manifests/passwd",
    "/v2/shop/blobs/sha256:../../x",
    "/v2/shop/blobs/uploads/..%2f..%2fx",
    "/v2/a/../b/tags/list",
  ];

  for (const path of paths) {
    const response = await fetch(`http://${host}${path}`, { headers: { authorization } });

    expect(response.status, path).toBe(404);
  }
});

const skopeo = await run("skopeo", ["--version"]).then(
  () => true,
  () => false,
);

test.skipIf(!skopeo)("skopeo inspects, and copies from and to it", async () => {
  const from = await registry();
  const to = await registry();
  const built = await buildImage(from.images.content, {
    folder: await folderWith("copied"),
    tag: "shop:v1",
    command: ["node", "server.js"],
  });
  const policy = join(await temporary(), "policy.json");
  await writeFile(policy, JSON.stringify({ default: [{ type: "insecureAcceptAnything" }] }));

  const inspected = await run("skopeo", [
    "inspect",
    "--creds",
    "sluice:secret",
    "--tls-verify=false",
    `docker://${from.host}/shop:v1`,
  ]);
  await run("skopeo", [
    ...["--policy", policy, "copy", "--src-creds", "sluice:secret", "--dest-creds", "sluice:secret"],
    ...["--src-tls-verify=false", "--dest-tls-verify=false", "--preserve-digests"],
    ...[`docker://${from.host}/shop:v1`, `docker://${to.host}/team/shop:copied`],
  ]);

  expect(JSON.parse(inspected.stdout)).toMatchObject({ Digest: built.digest, RepoTags: ["v1"] });
  expect((await to.images.resolve("team/shop:copied")).digest).toBe(built.digest);
});

test.skipIf(skopeo)("skopeo isn't installed: its test was skipped (apt-get install skopeo)", () => {
  expect(skopeo).toBe(false);
});
