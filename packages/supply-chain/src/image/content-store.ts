import { createHash, randomBytes } from "node:crypto";
import { createReadStream, type ReadStream } from "node:fs";
import { mkdir, open, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { after, Fault, hours, type Instant, instant } from "@sluice/kernel";
import { isDigest, isRepository, isTag } from "./reference.ts";

export const sha256 = (content: Uint8Array | string): string =>
  `sha256:${createHash("sha256").update(content).digest("hex")}`;

/** What is being written, until it is renamed: one that a crash left never is. No tag and no digest begins with a dot. */
const halfOf = (name: string): string => `.${name}.${randomBytes(4).toString("hex")}.new`;
const isHalf = (name: string): boolean => name.startsWith(".") && name.endsWith(".new");
/** Of what stands under digests all else is a half, also those that earlier versions left. */
const isNoDigest = (name: string): boolean => !/^[0-9a-f]{64}$/.test(name);

const day = hours(24);

/** Blobs by digest and tags by repository, as files. Every file appears whole or not at all. */
export class ContentStore {
  readonly folder: string;

  constructor(folder: string) {
    this.folder = folder;
  }

  async hasBlob(digest: string): Promise<boolean> {
    return (await this.blobSize(digest)) !== undefined;
  }

  async blobSize(digest: string): Promise<number | undefined> {
    try {
      return (await stat(this.blobPath(digest))).size;
    } catch {
      return undefined;
    }
  }

  async readBlob(digest: string): Promise<Buffer | undefined> {
    try {
      return await readFile(this.blobPath(digest));
    } catch {
      return undefined;
    }
  }

  streamBlob(digest: string, range?: { start: number; end: number }): ReadStream {
    return createReadStream(this.blobPath(digest), range);
  }

  async writeBlob(content: Uint8Array): Promise<string> {
    const digest = sha256(content);
    if (!(await this.hasBlob(digest))) await this.#writeFile(this.blobPath(digest), content);
    return digest;
  }

  /** Where an upload gathers until its digest is known. */
  uploadPath(id: string): string {
    if (!/^[0-9a-f]{32}$/.test(id)) throw new Fault("invalid", "no such upload");
    return join(this.folder, "uploads", id);
  }

  async beginUpload(): Promise<string> {
    const id = randomBytes(16).toString("hex");
    await mkdir(join(this.folder, "uploads"), { recursive: true });
    await writeFile(this.uploadPath(id), "");
    return id;
  }

  /** Moves a gathered upload to its digest; an invalid Fault where the content differs from it. */
  async finishUpload(id: string, digest: string): Promise<void> {
    const path = this.uploadPath(id);
    const hash = createHash("sha256");
    for await (const chunk of createReadStream(path)) hash.update(chunk);
    const found = `sha256:${hash.digest("hex")}`;
    if (found !== digest) {
      await rm(path, { force: true });
      throw new Fault("invalid", `the content has digest ${found}, not ${digest}`);
    }
    await mkdir(dirname(this.blobPath(digest)), { recursive: true });
    const file = await open(path, "r");
    await file.sync();
    await file.close();
    await rename(path, this.blobPath(digest));
  }

  async deleteBlob(digest: string): Promise<boolean> {
    if (!(await this.hasBlob(digest))) return false;
    await rm(this.blobPath(digest));
    return true;
  }

  async linkManifest(repository: string, digest: string, mediaType: string): Promise<void> {
    await this.#writeFile(join(this.#repositoryPath(repository), "manifests", hex(digest)), mediaType);
  }

  /** The media type of a manifest of this repository; undefined where it isn't one. */
  async manifestType(repository: string, digest: string): Promise<string | undefined> {
    try {
      return await readFile(join(this.#repositoryPath(repository), "manifests", hex(digest)), "utf8");
    } catch {
      return undefined;
    }
  }

  async manifests(repository: string): Promise<string[]> {
    const names = await readdir(join(this.#repositoryPath(repository), "manifests")).catch(() => []);
    return names.filter((name) => !isNoDigest(name)).map((name) => `sha256:${name}`);
  }

  async unlinkManifest(repository: string, digest: string): Promise<void> {
    await rm(join(this.#repositoryPath(repository), "manifests", hex(digest)), { force: true });
    for (const tag of await this.tags(repository)) {
      if ((await this.resolveTag(repository, tag)) === digest) await this.deleteTag(repository, tag);
    }
  }

  async setTag(repository: string, tag: string, digest: string): Promise<void> {
    if (!isTag(tag)) throw new Fault("invalid", `${JSON.stringify(tag)} is no tag`);
    await this.#writeFile(join(this.#repositoryPath(repository), "tags", tag), digest);
  }

  async resolveTag(repository: string, tag: string): Promise<string | undefined> {
    if (!isTag(tag)) return undefined;
    try {
      return (await readFile(join(this.#repositoryPath(repository), "tags", tag), "utf8")).trim();
    } catch {
      return undefined;
    }
  }

  async deleteTag(repository: string, tag: string): Promise<void> {
    if (isTag(tag)) await rm(join(this.#repositoryPath(repository), "tags", tag), { force: true });
  }

  async tags(repository: string): Promise<string[]> {
    const names = await readdir(join(this.#repositoryPath(repository), "tags")).catch(() => []);
    return names.filter(isTag).sort();
  }

  async repositories(): Promise<string[]> {
    const names = await readdir(join(this.folder, "repositories")).catch(() => []);
    return names
      .map((name) => name.replaceAll("+", "/"))
      .filter(isRepository)
      .sort();
  }

  /** Removes uploads and half written files to which nothing was added for a day: a crash, or a client that went, left them. */
  async sweep(now: Instant): Promise<void> {
    const repositories = await readdir(join(this.folder, "repositories")).catch(() => []);
    await this.#sweepFolder(join(this.folder, "uploads"), () => true, now);
    await this.#sweepFolder(join(this.folder, "blobs", "sha256"), isNoDigest, now);
    for (const name of repositories) {
      const folder = join(this.folder, "repositories", name);
      await this.#sweepFolder(join(folder, "manifests"), isNoDigest, now);
      await this.#sweepFolder(join(folder, "tags"), isHalf, now);
    }
  }

  async #sweepFolder(folder: string, isOurs: (name: string) => boolean, now: Instant): Promise<void> {
    for (const name of await readdir(folder).catch(() => [])) {
      if (!isOurs(name)) continue;
      const path = join(folder, name);
      // It may have become whole meanwhile.
      const last = await stat(path).catch(() => undefined);
      if (last !== undefined && after(instant(last.mtimeMs), day) <= now) await rm(path, { force: true });
    }
  }

  blobPath(digest: string): string {
    return join(this.folder, "blobs", "sha256", hex(digest));
  }

  // "+" can't stand in a repository's name, so a nested name needs no nested folders.
  #repositoryPath(repository: string): string {
    if (!isRepository(repository)) throw new Fault("invalid", `${JSON.stringify(repository)} is no repository name`);
    return join(this.folder, "repositories", repository.replaceAll("/", "+"));
  }

  async #writeFile(path: string, content: Uint8Array | string): Promise<void> {
    const folder = dirname(path);
    await mkdir(folder, { recursive: true });
    const temporary = join(folder, halfOf(basename(path)));
    const file = await open(temporary, "w");
    try {
      await file.writeFile(content);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  }
}

function hex(digest: string): string {
  if (!isDigest(digest)) throw new Fault("invalid", `${JSON.stringify(digest.slice(0, 100))} is no sha256 digest`);
  return digest.slice("sha256:".length);
}
