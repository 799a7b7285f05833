import { chmod, mkdir, mkdtemp, readFile, symlink, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { buildImage } from "./build.ts";
import { ContentStore } from "./content-store.ts";
import { ImageStore } from "./image-store.ts";

const temporary = () => mkdtemp(join(tmpdir(), "sluice-image-"));

async function shop(): Promise<string> {
  const folder = await temporary();
  await mkdir(join(folder, "public"));
  await writeFile(join(folder, "server.js"), "console.log('shop')");
  await writeFile(join(folder, "public", "index.html"), "<h1>shop</h1>");
  await writeFile(join(folder, "start.sh"), "#!/bin/sh\n");
  await chmod(join(folder, "start.sh"), 0o755);
  await symlink("server.js", join(folder, "main.js"));
  return folder;
}

test("the same files give the same digest, whatever their times and order", async () => {
  const [first, second] = [await shop(), await shop()];
  await utimes(join(second, "server.js"), 1, 1);
  const command = ["node", "server.js"];

  const one = await buildImage(new ContentStore(await temporary()), { folder: first, tag: "shop:v1", command });
  const two = await buildImage(new ContentStore(await temporary()), { folder: second, tag: "shop:v1", command });
  await writeFile(join(second, "server.js"), "console.log('changed')");
  const three = await buildImage(new ContentStore(await temporary()), { folder: second, tag: "shop:v1", command });

  expect(two.digest).toBe(one.digest);
  expect(three.digest).not.toBe(one.digest);
});

test("what is built can be resolved by tag and by digest, and unpacked", async () => {
  const folder = await temporary();
  const store = new ImageStore({ folder });
  const built = await buildImage(store.content, {
    folder: await shop(),
    tag: "shop:v1",
    command: ["node", "server.js"],
  });

  const byTag = await store.resolve("shop:v1");
  const byDigest = await store.resolve(`shop@${built.digest}`);
  const target = join(await temporary(), "root");
  await store.unpack(byTag.digest, target);

  expect(byTag).toEqual(byDigest);
  expect(byTag.config.config?.Cmd).toEqual(["node", "server.js"]);
  expect(await readFile(join(target, "public", "index.html"), "utf8")).toBe("<h1>shop</h1>");
  expect(await readFile(join(target, "main.js"), "utf8")).toBe("console.log('shop')");
});

test("an ignore file leaves files out, and may keep some", async () => {
  const folder = await shop();
  await writeFile(join(folder, ".dockerignore"), "public\n!public/index.html\n*.sh\n");
  await writeFile(join(folder, "public", "secret.txt"), "secret");
  const store = new ImageStore({ folder: await temporary() });

  const built = await buildImage(store.content, { folder, tag: "shop:v1", command: ["node", "server.js"] });
  const target = await temporary();
  await store.unpack(built.digest, target);

  expect(await readFile(join(target, "public", "index.html"), "utf8")).toBe("<h1>shop</h1>");
  await expect(readFile(join(target, "public", "secret.txt"))).rejects.toThrow("ENOENT");
  await expect(readFile(join(target, "start.sh"))).rejects.toThrow("ENOENT");
});

test("refuses what can't be an image, with what to do", async () => {
  const store = new ImageStore({ folder: await temporary() });
  const folder = await shop();
  await symlink("/etc/passwd", join(folder, "outside"));
  const command = ["node", "server.js"];

  await expect(buildImage(store.content, { folder, tag: "shop:v1", command })).rejects.toThrow("outside the folder");
  await expect(buildImage(store.content, { folder: await temporary(), tag: "shop:v1", command })).rejects.toThrow(
    "no file",
  );
  await expect(buildImage(store.content, { folder, tag: "Shop:v1", command })).rejects.toThrow("no image reference");
  await expect(buildImage(store.content, { folder, tag: "shop:v1", command: [] })).rejects.toThrow("needs a command");
  await expect(store.resolve("shop:v9")).rejects.toThrow("no image shop");
  await expect(store.resolve("127.0.0.1:1/shop:v9")).rejects.toMatchObject({ kind: "unavailable" });
});
