import type { ApplicationSource, Resource } from "@sluice/api";

/** One rendered manifest and where it stands. */
export interface RenderedManifest {
  readonly file: string;
  readonly line: number;
  readonly resource: Resource;
}

/** Result of a `fetchManifests` task. Equal digests mean equal resources. */
export interface RenderedSource {
  readonly revision: string;
  readonly isBranch: boolean;
  readonly commit: { readonly author: string; readonly date: string; readonly subject: string };
  readonly resources: readonly RenderedManifest[];
  readonly faults: readonly { readonly file: string; readonly line?: number; readonly message: string }[];
  readonly digest: string;
}

/** The work of a `fetchManifests` task; `isHard` forgets what was cached. */
export function fetchWork(source: ApplicationSource, revision: string | undefined, isHard = false) {
  const { recurse, include, exclude } = source.directory ?? {};
  return {
    do: "fetchManifests",
    repoURL: source.repoURL,
    revision: revision ?? source.targetRevision ?? "HEAD",
    path: source.path ?? ".",
    directory: {
      ...(recurse === undefined ? {} : { recurse }),
      ...(include === undefined ? {} : { include }),
      ...(exclude === undefined ? {} : { exclude }),
    },
    ...(isHard ? { isHard } : {}),
  } as const;
}
