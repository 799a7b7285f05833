import { cpSync, existsSync, mkdirSync, rmSync, statSync, symlinkSync } from "node:fs";
import { basename, dirname, join, posix } from "node:path";
import type { Container } from "@sluice/api";
import { expand } from "../pod/expand.ts";
import { isBelow, makeFolderInRoot, resolveInRoot } from "./paths.ts";

/**
 * Lays a container's mounts under its root. A mount is a link to the volume's folder; a subPath of a file is a copy,
 * which like Kubernetes' isn't updated. Returns what is wrong, in words for status.
 */
export function layMounts(
  root: string,
  container: Container,
  volumeFolder: (name: string) => string | undefined,
  variables: Readonly<Record<string, string>>,
): string | undefined {
  const laid: { readonly path: string; readonly target: string }[] = [];
  const mounts = [...(container.volumeMounts ?? [])].sort((a, b) => a.mountPath.length - b.mountPath.length);
  for (const mount of mounts) {
    const path = posix.normalize(`/${mount.mountPath}`).replace(/\/$/, "");
    if (path === "") return `mountPath "${mount.mountPath}": the root itself can't be mounted`;
    const volume = volumeFolder(mount.name);
    if (volume === undefined) return `volumeMount "${mount.name}": no such volume`;
    const subPath =
      mount.subPathExpr === undefined ? mount.subPath : expand(mount.subPathExpr, (name) => variables[name]);
    if (subPath !== undefined && subPath !== "" && !isBelow(subPath))
      return `subPath "${subPath}" leads out of the volume`;
    const source = subPath === undefined || subPath === "" ? volume : resolveInRoot(volume, subPath);
    if (source === undefined) return `subPath "${subPath}" loops`;
    // Below an earlier mount the place is made inside that volume.
    const outer = laid.findLast((other) => path.startsWith(`${other.path}/`));
    const base = outer?.target ?? root;
    const inner = outer === undefined ? path : path.slice(outer.path.length);
    const parent = makeFolderInRoot(base, dirname(inner));
    if (parent === undefined) return `mountPath "${mount.mountPath}" loops`;
    const place = join(parent, basename(inner));
    rmSync(place, { recursive: true, force: true });
    if (existsSync(source) && statSync(source).isFile()) {
      cpSync(source, place, { dereference: true });
    } else {
      mkdirSync(source, { recursive: true });
      symlinkSync(source, place);
      laid.push({ path, target: source });
    }
  }
  return undefined;
}
