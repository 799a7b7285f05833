import type { Resource } from "@sluice/api";
import { Fault } from "@sluice/kernel";
import type { ObjectReader } from "../git/object-reader.ts";
import type { CommitInfo } from "../git/objects.ts";
import type { ManifestRenderer, RenderedManifests } from "../manifests/fetch-manifests.ts";
import type { RevertRequest } from "./revert-request.ts";

/** A commit as this Application sees it. */
export interface Version {
  readonly commit: CommitInfo;
  readonly rendered: RenderedManifests;
  /** Digests of the workload's version; empty where the commit doesn't have the workload. */
  readonly digests: readonly string[];
}

/** Every way to write down a workload's version, with the manifests beside it; one match is a match. */
export type DigestsOf = (
  workload: Resource,
  beside: readonly Resource[],
  elsewhere: Readonly<Record<string, string>> | undefined,
) => readonly string[];

/** What brought the bad version, and where to go back to. */
export interface Blame {
  readonly head: Version;
  readonly good: Version;
  /** Commits after the good one that changed the version, newest first. */
  readonly culprits: readonly CommitInfo[];
}

const commitsMax = 500;

/** Reads versions of one Application's workload along the first parents of a branch. */
export class VersionHistory {
  readonly #reader: ObjectReader;
  readonly #renderer: ManifestRenderer;
  readonly #request: RevertRequest;
  readonly #digestsOf: DigestsOf;

  constructor(reader: ObjectReader, renderer: ManifestRenderer, request: RevertRequest, digestsOf: DigestsOf) {
    this.#reader = reader;
    this.#renderer = renderer;
    this.#request = request;
    this.#digestsOf = digestsOf;
  }

  /** Undefined where the folder isn't there. */
  async at(sha: string): Promise<Version | undefined> {
    const commit = await this.#renderer.commit(this.#reader, sha);
    try {
      return this.version(commit, await this.rendered(commit.tree));
    } catch (thrown) {
      if (thrown instanceof Fault && thrown.kind === "invalid") return undefined;
      throw thrown;
    }
  }

  rendered(tree: string): Promise<RenderedManifests> {
    const { path, directory = {} } = this.#request;
    return this.#renderer.render(this.#reader, tree, path, directory);
  }

  version(commit: CommitInfo, rendered: RenderedManifests): Version {
    const { workload, configuration } = this.#request;
    const found = rendered.resources.find(
      ({ resource }) =>
        resource.kind === workload.kind &&
        resource.metadata.name === workload.name &&
        resource.apiVersion.split("/")[0] === workload.apiVersion.split("/")[0] &&
        (resource.metadata.namespace ?? workload.namespace) === workload.namespace,
    );
    const beside = rendered.resources.map(({ resource }) => resource);
    const digests = found === undefined ? [] : this.#digestsOf(found.resource, beside, configuration);
    return { commit, rendered, digests };
  }

  isBad({ digests }: Version): boolean {
    const { badDigest } = this.#request;
    return digests.includes(badDigest);
  }

  /** Walks back from HEAD to the last good version. Undefined where there is none. */
  async blame(head: Version): Promise<Blame | undefined> {
    const { goodDigest, otherBadDigests = [] } = this.#request;
    const passed: Version[] = [head];
    let fallback: Blame | undefined;
    for (let steps = 0; steps < commitsMax; steps++) {
      const last = passed.at(-1) as Version;
      const parent = last.commit.parents[0];
      const version = parent === undefined ? undefined : await this.at(parent);
      if (version === undefined) break;
      const isCandidate =
        version.digests.length > 0 &&
        !this.isBad(version) &&
        !version.digests.some((digest) => otherBadDigests.includes(digest));
      if (isCandidate) {
        const blame = { head, good: version, culprits: changesAmong([...passed, version]) };
        if (goodDigest === undefined || version.digests.includes(goodDigest)) return blame;
        fallback ??= blame;
      }
      passed.push(version);
    }
    return fallback;
  }
}

/** Newest first: the commits whose version differs from the one before them. */
function changesAmong(versions: readonly Version[]): readonly CommitInfo[] {
  const changes: CommitInfo[] = [];
  for (const [index, { commit, digests }] of versions.entries()) {
    const before = versions[index + 1];
    if (before !== undefined && !sameDigests(digests, before.digests)) changes.push(commit);
  }
  return changes;
}

const sameDigests = (a: readonly string[], b: readonly string[]): boolean =>
  a.length === b.length && a.every((digest, index) => digest === b[index]);
