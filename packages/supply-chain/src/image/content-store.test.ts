import { mkdtemp, readdir, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { instant } from "@sluice/kernel";
import { afterEach, beforeEach, expect, test } from "vitest";
import { ContentStore } from "./content-store.ts";

let store: ContentStore;
beforeEach(async () => {
  store = new ContentStore(await mkdtemp(join(tmpdir(), "sluice-content-")));
});
afterEach(() => rm(store.folder, { recursive: true }));

const now = instant(1_800_000_000_000);

async function lastChanged(path: string, hoursAgo: number): Promise<void> {
  const at = now / 1000 - hoursAgo * 3600;
  await utimes(path, at, at);
}

test("what crashes and clients left half written goes after a day, and what is whole stays however old it is", async () => {
  const digest = await store.writeBlob(Buffer.from("layer"));
  await store.linkManifest("team/shop", digest, "application/vnd.oci.image.manifest.v1+json");
  // Somebody's tags, though they look like halves.
  for (const tag of ["v1.new", "nightly.20270101.new"]) await store.setTag("team/shop", tag, digest);
  await lastChanged(store.blobPath(digest), 9000);
  const tags = join(store.folder, "repositories", "team+shop", "tags");
  const blobs = dirname(store.blobPath(digest));
  for (const tag of await readdir(tags)) await lastChanged(join(tags, tag), 9000);
  const [left, growing] = [await store.beginUpload(), await store.beginUpload()];
  const halves = [
    `${store.blobPath(digest)}.0badcafe.new`,
    join(tags, ".v2.0badcafe.new"),
    join(tags, ".v3.1badcafe.new"),
  ];
  for (const half of halves) await writeFile(half, "ha");
  for (const [path, hoursAgo] of [
    [store.uploadPath(left), 25],
    [store.uploadPath(growing), 23],
    [halves[0], 25],
    [halves[1], 25],
    [halves[2], 23],
  ] as const) {
    await lastChanged(path ?? "", hoursAgo);
  }

  await store.sweep(now);

  expect(await readdir(join(store.folder, "uploads"))).toEqual([growing]);
  expect(await readdir(blobs)).toHaveLength(1);
  expect((await readdir(tags)).toSorted()).toEqual([".v3.1badcafe.new", "nightly.20270101.new", "v1.new"]);
  expect(await store.tags("team/shop")).toEqual(["nightly.20270101.new", "v1.new"]);
  expect(await store.readBlob(digest)).toEqual(Buffer.from("layer"));
});

test("an empty registry has nothing to sweep", async () => {
  await store.sweep(now);

  expect(await readdir(store.folder)).toEqual([]);
});
