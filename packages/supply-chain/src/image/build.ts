import { lstat, readdir, readFile, readlink } from "node:fs/promises";
import { join, posix, relative, resolve, sep } from "node:path";
import { Fault } from "@sluice/kernel";
import { packTar } from "modern-tar";
import { type ContentStore, sha256 } from "./content-store.ts";
import { parseIgnoreFile } from "./ignore-file.ts";
import { hostPlatform, type ImageConfig, type Manifest, mediaTypes, processLabel } from "./oci.ts";
import { type ImageReference, parseReference } from "./reference.ts";

export interface BuildOptions {
  /** The folder whose files become the image's. */
  readonly folder: string;
  /** `shop:v1`: a name in the embedded registry. */
  readonly tag: string;
  /** What runs: `["node", "server.js"]`. */
  readonly command: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly workingDir?: string;
  readonly labels?: Readonly<Record<string, string>>;
}

export interface BuiltImage {
  readonly reference: ImageReference;
  readonly digest: string;
  readonly files: number;
  /** Of the layer. */
  readonly bytes: number;
}

interface Entry {
  readonly path: string;
  readonly type: "file" | "directory" | "symlink";
  readonly isExecutable: boolean;
  readonly linkname?: string;
}

/**
 * Makes an OCI image of a folder with no container engine. Reproducible: times, owners and the order of files are
 * fixed and the layer isn't compressed (zlib's output differs between versions), so the same files and command give
 * the same digest on every machine. Throws an invalid Fault for a folder that can't be an image.
 */
export async function buildImage(store: ContentStore, options: BuildOptions): Promise<BuiltImage> {
  const reference = parseReference(options.tag);
  if (reference.host !== undefined || reference.digest !== undefined) {
    throw new Fault("invalid", `--tag ${options.tag}: an image is built into the embedded registry, under NAME:TAG`);
  }
  if (options.command.length === 0) {
    throw new Fault("invalid", "an image needs a command: sluice image build DIR --tag NAME:TAG -- node server.js");
  }
  const entries = await listFolder(options.folder);
  const layer = await packTar(await Promise.all(entries.map((entry) => tarEntry(options.folder, entry))));
  const layerDigest = await store.writeBlob(layer);
  const config: ImageConfig = {
    ...hostPlatform(),
    config: {
      ...(options.env === undefined
        ? {}
        : { Env: Object.entries(options.env).map(([name, value]) => `${name}=${value}`) }),
      Cmd: options.command,
      WorkingDir: options.workingDir ?? "/",
      Labels: { ...options.labels, [processLabel]: "true" },
    },
    rootfs: { type: "layers", diff_ids: [layerDigest] },
  };
  const configText = Buffer.from(JSON.stringify(config));
  const manifest: Manifest = {
    schemaVersion: 2,
    mediaType: mediaTypes.manifest,
    config: { mediaType: mediaTypes.config, digest: await store.writeBlob(configText), size: configText.length },
    layers: [{ mediaType: mediaTypes.layerTar, digest: layerDigest, size: layer.length }],
  };
  const manifestText = Buffer.from(JSON.stringify(manifest));
  const digest = await store.writeBlob(manifestText);
  await store.linkManifest(reference.repository, digest, mediaTypes.manifest);
  await store.setTag(reference.repository, reference.tag ?? "latest", digest);
  return { reference, digest: sha256(manifestText), files: entries.length, bytes: layer.length };
}

async function listFolder(folder: string): Promise<Entry[]> {
  const ignored = parseIgnoreFile(await readIgnoreFile(folder));
  const found: Entry[] = [];
  const walk = async (at: string): Promise<void> => {
    const names = await readdir(join(folder, at)).catch((cause: NodeJS.ErrnoException) => {
      const what =
        cause.code === "ENOENT" ? "no folder" : cause.code === "ENOTDIR" ? "no folder, but a file:" : "can't read";
      const why = ["ENOENT", "ENOTDIR"].includes(cause.code ?? "") ? "" : `: ${cause.code ?? cause.message}`;
      throw new Fault("invalid", `${what} ${join(folder, at)}${why}`, { cause });
    });
    for (const name of names.sort(byCodeUnits)) {
      const path = at === "" ? name : posix.join(at, name);
      const info = await lstat(join(folder, path));
      const isExecutable = (info.mode & 0o111) !== 0;
      if (info.isDirectory()) {
        // Walked even when ignored: a later rule may keep something inside.
        if (!ignored(path)) found.push({ path, type: "directory", isExecutable });
        await walk(path);
      } else if (ignored(path)) {
        // left out
      } else if (info.isSymbolicLink()) {
        found.push({ path, type: "symlink", isExecutable, linkname: await checkedLink(folder, path) });
      } else if (info.isFile()) found.push({ path, type: "file", isExecutable });
      else throw new Fault("invalid", `${path} is neither a file, a folder nor a link: it can't be part of an image`);
    }
  };
  await walk("");
  if (!found.some((entry) => entry.type === "file"))
    throw new Fault("invalid", `${folder} holds no file to make an image of`);
  return found;
}

async function readIgnoreFile(folder: string): Promise<string> {
  for (const name of [".sluiceignore", ".dockerignore"]) {
    const text = await readFile(join(folder, name), "utf8").catch(() => undefined);
    if (text !== undefined) return text;
  }
  return "";
}

async function checkedLink(folder: string, path: string): Promise<string> {
  const target = await readlink(join(folder, path));
  const inside = relative(resolve(folder), resolve(folder, posix.dirname(path), target));
  if (inside === ".." || inside.startsWith(`..${sep}`) || posix.isAbsolute(target)) {
    throw new Fault(
      "invalid",
      `${path} links to ${target}, outside the folder: copy the file, or leave the link out by .sluiceignore`,
    );
  }
  return target;
}

async function tarEntry(folder: string, { path, type, isExecutable, linkname }: Entry) {
  const body = type === "file" ? await readFile(join(folder, path)) : undefined;
  return {
    header: {
      name: type === "directory" ? `${path}/` : path,
      size: body?.length ?? 0,
      type,
      mode: type === "directory" || isExecutable ? 0o755 : 0o644,
      mtime: new Date(0),
      uid: 0,
      gid: 0,
      uname: "",
      gname: "",
      ...(linkname === undefined ? {} : { linkname }),
    },
    ...(body === undefined ? {} : { body }),
  };
}

const byCodeUnits = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
