import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { layMounts } from "./mounts.ts";
import { isBelow, resolveInRoot } from "./paths.ts";
import { type Payload, writePayload } from "./payload.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "sluice-files-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const payload = (files: Record<string, string>, mode = 0o644): Payload =>
  new Map(Object.entries(files).map(([path, text]) => [path, { content: Buffer.from(text), mode }]));

test("no path leads out of the root, whatever links the image holds", () => {
  mkdirSync(join(folder, "app"));
  symlinkSync("/etc", join(folder, "config"));
  symlinkSync("../../../..", join(folder, "app/up"));
  symlinkSync("loop", join(folder, "loop"));

  expect(resolveInRoot(folder, "/config/passwd")).toBe(join(folder, "etc/passwd"));
  expect(resolveInRoot(folder, "../../../etc/passwd")).toBe(join(folder, "etc/passwd"));
  expect(resolveInRoot(folder, "/app/up/x")).toBe(join(folder, "x"));
  expect(resolveInRoot(folder, "loop")).toBeUndefined();
  expect(["a/b", "a", "..a"].every(isBelow)).toBe(true);
  expect(["", "/a", "..", "a/../..", "a\0"].some(isBelow)).toBe(false);
});

test("a change of the payload swaps all files at once and forgets those that are gone", () => {
  const volume = join(folder, "volume");

  expect(writePayload(volume, payload({ a: "1", "sub/b": "2" }))).toBe(true);
  expect(readFileSync(join(volume, "a"), "utf8") + readFileSync(join(volume, "sub/b"), "utf8")).toBe("12");
  expect(writePayload(volume, payload({ a: "1", "sub/b": "2" }))).toBe(false);
  expect(writePayload(volume, payload({ a: "3", c: "4" }))).toBe(true);

  expect(readFileSync(join(volume, "a"), "utf8")).toBe("3");
  expect(existsSync(join(volume, "sub"))).toBe(false);
  expect(readlinkSync(join(volume, "c"))).toBe("..data/c");
});

test("mounts lie under the root at their paths, nested ones inside the outer volume", () => {
  const root = join(folder, "root");
  mkdirSync(join(root, "etc"), { recursive: true });
  symlinkSync("/etc", join(root, "etc/config")); // hostile: the image's own link to this machine
  const volumes: Record<string, string> = { settings: join(folder, "settings"), data: join(folder, "data") };
  writePayload(volumes.settings!, payload({ "app.json": "{}", key: "s" }, 0o600));

  const problem = layMounts(
    root,
    {
      name: "web",
      volumeMounts: [
        { name: "data", mountPath: "/var/data/cache" },
        { name: "settings", mountPath: "/etc/config" },
        { name: "data", mountPath: "/var/data", subPath: "shop" },
        { name: "settings", mountPath: "/app/only.json", subPath: "app.json" },
      ],
    },
    (name) => volumes[name],
    {},
  );

  expect(problem).toBeUndefined();
  expect(readFileSync(join(root, "etc/config/app.json"), "utf8")).toBe("{}");
  expect(statSync(join(root, "etc/config/key")).mode & 0o777).toBe(0o600);
  expect(readlinkSync(join(root, "var/data"))).toBe(join(folder, "data/shop"));
  expect(readlinkSync(join(folder, "data/shop/cache"))).toBe(join(folder, "data"));
  expect(lstatSync(join(root, "app/only.json")).isFile()).toBe(true);
});

test.each([
  [{ name: "data", mountPath: "/x", subPath: "../../etc" }, /leads out/],
  [{ name: "nowhere", mountPath: "/x" }, /no such volume/],
  [{ name: "data", mountPath: "/" }, /root itself/],
])("refuses %j", (mount, words) => {
  mkdirSync(join(folder, "root"));
  writeFileSync(join(folder, "file"), "");

  const problem = layMounts(
    join(folder, "root"),
    { name: "web", volumeMounts: [mount] },
    (name) => (name === "data" ? folder : undefined),
    {},
  );

  expect(problem).toMatch(words);
});
