import { cp, readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { Fault } from "@sluice/kernel";

/** The part of an OCI image config that says how it runs. https://github.com/opencontainers/image-spec/blob/main/config.md */
export interface OciConfig {
  readonly Entrypoint?: readonly string[] | null;
  readonly Cmd?: readonly string[] | null;
  /** `NAME=value`. */
  readonly Env?: readonly string[] | null;
  readonly WorkingDir?: string;
  readonly StopSignal?: string;
  readonly User?: string;
  readonly Labels?: Readonly<Record<string, string>> | null;
}

export type PullPolicy = "Always" | "Never" | "IfNotPresent";

/** Reasons as Kubernetes shows them while a container waits. */
export type ImageReason =
  | "ErrImagePull"
  | "ErrImageNeverPull"
  | "InvalidImageName"
  | "ImageInspectError"
  /** Ours: a good image that can't be a process on this machine. */
  | "ImageNotRunnable";

/** Why an image can't be had. `InvalidImageName`, `ErrImageNeverPull` and `ImageNotRunnable` don't pass by themselves. */
export class ImageFault extends Fault {
  readonly reason: ImageReason;

  constructor(reason: ImageReason, message: string, options: { cause?: unknown } = {}) {
    super(reason === "ErrImagePull" ? "unavailable" : "invalid", message, options);
    this.name = "ImageFault";
    this.reason = reason;
  }
}

/** Where images come from. Faults: ImageFault. */
export interface ImageStore {
  /** Pulls where the policy says so. `digest` is `sha256:…` of the manifest. */
  resolve(reference: string, policy: PullPolicy): Promise<{ readonly digest: string; readonly config: OciConfig }>;
  /** Lays the image's files into an empty folder; never writes outside it. */
  unpack(digest: string, targetFolder: string): Promise<void>;
}

/** For tests: each image is a folder named after its reference (`/` and `:` as `_`), with `config.json` and `files/`. */
export function createFolderImageStore(folder: string): ImageStore {
  const folderOf = (reference: string) => join(folder, reference.replace(/[/:@]/g, "_"));
  const byDigest = new Map<string, string>();
  return {
    async resolve(reference, policy) {
      const image = folderOf(reference);
      let text: string;
      try {
        text = await readFile(join(image, "config.json"), "utf8");
      } catch (cause) {
        if (policy === "Never") {
          throw new ImageFault(
            "ErrImageNeverPull",
            `Container image "${reference}" is not present with pull policy of Never`,
          );
        }
        throw new ImageFault("ErrImagePull", `image "${reference}" not found in ${folder}`, { cause });
      }
      const digest = `sha256:${Buffer.from(reference).toString("hex").padEnd(64, "0").slice(0, 64)}`;
      byDigest.set(digest, image);
      return { digest, config: JSON.parse(text) as OciConfig };
    },
    async unpack(digest, targetFolder) {
      const image = byDigest.get(digest);
      if (image === undefined) throw new ImageFault("ErrImagePull", `no image ${digest}`);
      const files = join(image, "files");
      if ((await stat(files).catch(() => undefined)) === undefined) return;
      for (const entry of await readdir(files)) {
        await cp(join(files, entry), join(targetFolder, entry), { recursive: true, verbatimSymlinks: true });
      }
    },
  };
}
