import { rmSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { posix, relative, resolve, sep } from "node:path";

import { pipeline } from "node:stream/promises";
import { createGunzip, createZstdDecompress } from "node:zlib";
import { Fault } from "@sluice/kernel";
import { unpackTar } from "modern-tar/fs";
import { pullImage } from "../registry/pull.ts";
import { ContentStore } from "./content-store.ts";
import { hostPlatform, type ImageConfig, type ImageIndex, type Manifest, processLabel } from "./oci.ts";
import { formatReference, parseReference } from "./reference.ts";

export interface ResolvedImage {
  /** Of the manifest for this machine's platform. */
  readonly digest: string;
  readonly config: ImageConfig;
}

export interface ImageStoreOptions {
  readonly folder: string;
  /** Credentials for other registries, by host. */
  readonly credentials?: (host: string) => { username: string; password: string } | undefined;
}

/** The images this machine can run: its own registry's, and what it pulled from others. */
export class ImageStore {
  readonly content: ContentStore;
  readonly #credentials: NonNullable<ImageStoreOptions["credentials"]>;

  constructor({ folder, credentials }: ImageStoreOptions) {
    this.content = new ContentStore(folder);
    this.#credentials = credentials ?? (() => undefined);
  }

  /**
   * Finds an image and pulls it where it is another registry's. Faults: invalid (no such image here, or the name is
   * none), unavailable (the other registry doesn't answer), forbidden (it can't run as a process here).
   */
  async resolve(text: string, policy: "Always" | "IfNotPresent" | "Never" = "IfNotPresent"): Promise<ResolvedImage> {
    const reference = parseReference(text);
    const { host, repository, tag, digest: pinned } = reference;
    const local = host === undefined ? repository : `${host.replaceAll(/[:.]/g, "-")}/${repository}`;
    const known = pinned ?? (tag === undefined ? undefined : await this.content.resolveTag(local, tag));
    const isKnown = known !== undefined && (await this.content.manifestType(local, known)) !== undefined;
    if (host === undefined) {
      if (!isKnown) throw new Fault("invalid", await this.#describeMissing(repository, text));
      return this.#select(local, known, text);
    }
    if (policy === "Never" && !isKnown) throw new Fault("invalid", `${text} isn't here and imagePullPolicy is Never`);
    if (policy === "Never" || (policy === "IfNotPresent" && isKnown)) return this.#select(local, known ?? "", text);
    const digest = await pullImage(this.content, reference, local, this.#credentials(host));
    return this.#select(local, digest, text);
  }

  /** Writes the image's files into an empty or missing folder. Nothing is written outside of it. */
  async unpack(digest: string, target: string): Promise<void> {
    const manifest = await this.#json<Manifest>(digest);
    await mkdir(target, { recursive: true });
    for (const layer of manifest.layers) {
      // A whiteout takes away what lower layers brought, so it acts as soon as it is read.
      const isContent = (name: string): boolean => {
        const removed = whiteoutTarget(target, name);
        if (removed !== undefined) rmSync(removed, { recursive: true, force: true });
        return !posix.basename(name).startsWith(".wh.");
      };
      const unpack = unpackTar(target, { strict: true, filter: (header) => isContent(header.name) });
      const stream = this.content.streamBlob(layer.digest);
      if (layer.mediaType.endsWith("gzip")) await pipeline(stream, createGunzip(), unpack);
      else if (layer.mediaType.endsWith("zstd")) await pipeline(stream, createZstdDecompress(), unpack);
      else await pipeline(stream, unpack);
    }
  }

  async #select(repository: string, digest: string, text: string): Promise<ResolvedImage> {
    const manifest = await this.#json<Manifest | ImageIndex>(digest);
    if ("manifests" in manifest) {
      const host = hostPlatform();
      const fitting = manifest.manifests.find(
        ({ platform }) => platform?.os === host.os && platform.architecture === host.architecture,
      );
      if (fitting === undefined)
        throw new Fault("forbidden", `${text} has no variant for ${host.os}/${host.architecture}`);
      return this.#select(repository, fitting.digest, text);
    }
    const config = await this.#json<ImageConfig>(manifest.config.digest);
    const refusal = whyNotAProcess(config);
    if (refusal !== undefined) throw new Fault("forbidden", `${text} can't run as a process here: ${refusal}`);
    return { digest, config };
  }

  async #json<T>(digest: string): Promise<T> {
    const blob = await this.content.readBlob(digest);
    if (blob === undefined) throw new Fault("invalid", `the registry lacks ${digest}: push the image again`);
    return JSON.parse(blob.toString("utf8")) as T;
  }

  async #describeMissing(repository: string, text: string): Promise<string> {
    const tags = await this.content.tags(repository);
    const known = tags.length === 0 ? `no image ${repository}` : `${repository} has ${tags.slice(0, 10).join(", ")}`;
    const name = formatReference(parseReference(text));
    return `the embedded registry has no ${name} (${known}): sluice image build DIR --tag ${name} -- COMMAND`;
  }
}

/** https://github.com/opencontainers/image-spec/blob/main/layer.md#whiteouts; never a path outside of `target`. */
function whiteoutTarget(target: string, name: string): string | undefined {
  const base = posix.basename(name);
  if (!base.startsWith(".wh.")) return undefined;
  const removed =
    base === ".wh..wh..opq" ? posix.dirname(name) : posix.join(posix.dirname(name), base.slice(".wh.".length));
  const path = resolve(target, removed);
  const inside = relative(resolve(target), path);
  return inside === "" || inside === ".." || inside.startsWith(`..${sep}`) ? undefined : path;
}

/** Why an image's own files can't run on this machine without a container engine; undefined where they can. */
function whyNotAProcess(config: ImageConfig): string | undefined {
  const host = hostPlatform();
  const isPortable = config.config?.Labels?.[processLabel] === "true";
  if (!isPortable) {
    return `it was made for a container engine (no label ${processLabel}); make it with sluice image build, or run it where containers are`;
  }
  const runs = [...(config.config?.Entrypoint ?? []), ...(config.config?.Cmd ?? [])];
  if (runs.length === 0) return "it names no command";
  // An image of scripts runs on every platform; one built here says so by its own.
  if (config.os !== host.os && runs[0] !== "node") return `it is made for ${config.os}/${config.architecture}`;
  return undefined;
}
