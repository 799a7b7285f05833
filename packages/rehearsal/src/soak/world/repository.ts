import type { PodTemplateSpec, Resource } from "@sluice/api";
import type { TaskHandler } from "@sluice/controllers";
import { Fault } from "@sluice/kernel";
import { settingsName } from "../manifests/release.ts";

interface Commit {
  readonly revision: string;
  readonly resources: readonly Resource[];
  /** The quarantined version whose revert it is. */
  readonly revertOf?: string;
}

export interface RepositoryOptions {
  readonly digestsOf: (workload: Resource, beside: readonly Resource[]) => readonly string[];
}

/** As far as controllers see one: revisions of manifests, a branch, and reverts by compare and swap with a trailer. */
export class ModelledRepository {
  readonly #commits: Commit[] = [];
  readonly #digestsOf: RepositoryOptions["digestsOf"];
  isReachable = true;
  /** What a hook would be told. */
  onPush: () => Promise<void> = async () => {};

  constructor({ digestsOf }: RepositoryOptions) {
    this.#digestsOf = digestsOf;
  }

  get head(): Commit {
    const last = this.#commits.at(-1);
    if (last === undefined) throw new Error("nothing is committed");
    return last;
  }

  /** How many commits take back each quarantined version. */
  get reverts(): ReadonlyMap<string, number> {
    const counts = new Map<string, number>();
    for (const { revertOf } of this.#commits) {
      if (revertOf !== undefined) counts.set(revertOf, (counts.get(revertOf) ?? 0) + 1);
    }
    return counts;
  }

  commit(resources: readonly Resource[], revertOf?: string): string {
    const revision = (this.#commits.length + 1).toString(16).padStart(40, "0");
    this.#commits.push({ revision, resources, ...(revertOf === undefined ? {} : { revertOf }) });
    return revision;
  }

  /** `fetchManifests`. */
  readonly fetch: TaskHandler = async ({ revision }) => {
    this.#mustAnswer();
    const found = revision === "HEAD" ? this.head : this.#commits.find((one) => one.revision === String(revision));
    if (found === undefined) throw new Fault("invalid", `revision ${revision}: no branch, tag or commit of that name`);
    return {
      revision: found.revision,
      isBranch: true,
      commit: { author: "Ada", date: "2026-01-01T00:00:00Z", subject: found.revision },
      resources: found.resources.map((resource, index) => ({ file: "web/all.yaml", line: index + 1, resource })),
      faults: [],
      digest: found.revision,
    };
  };

  /** `revertInGit`: what is asked twice under one id is done once. */
  readonly revert: TaskHandler = async ({ badDigest, otherBadDigests, id }) => {
    this.#mustAnswer();
    const known = this.#commits.find(({ revertOf }) => revertOf === id);
    if (known !== undefined) return { is: "committed", message: "done before", commit: known.revision };
    const digests = ({ resources }: Commit) =>
      resources.filter(isRollout).flatMap((one) => this.#digestsOf(one, resources));
    const { head } = this;
    if (!digests(head).includes(String(badDigest)))
      return { is: "notNeeded", message: "HEAD asks for another version" };
    const bad = [String(badDigest), ...(otherBadDigests as readonly string[])];
    const good = this.#commits.findLast((commit) => !digests(commit).some((digest) => bad.includes(digest)));
    const template = (good?.resources.find(isRollout)?.spec as { template?: PodTemplateSpec } | undefined)?.template;
    if (template === undefined) return { is: "held", message: "no good version is known" };
    // What Pods read is a part of a version.
    const read = good?.resources.find(({ metadata }) => metadata.name === settingsName);
    const takenBack = (one: Resource): Resource => {
      if (isRollout(one)) return { ...one, spec: { ...(one.spec as object), template } };
      return read !== undefined && one.metadata.name === settingsName ? read : one;
    };
    const commit = this.commit(head.resources.map(takenBack), String(id));
    await this.onPush();
    return { is: "committed", message: "reverted", commit, reverts: head.revision, branch: "main" };
  };

  #mustAnswer(): void {
    if (!this.isReachable) throw new Fault("unavailable", "could not resolve host");
  }
}

const isRollout = ({ kind }: Resource): boolean => kind === "Rollout";
