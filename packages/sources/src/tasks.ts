import type { GitSources, ManifestSource } from "./git-sources.ts";
import { revertInGit } from "./revert/revert-in-git.ts";
import type { RevertRequest } from "./revert/revert-request.ts";
import type { DigestsOf } from "./revert/version-history.ts";

export interface GitTaskOptions {
  readonly sources: GitSources;
  readonly stateFolder: string;
  readonly digestsOf: DigestsOf;
}

/** Handlers for the tasks that controllers start: `fetchManifests` and `revertInGit`. */
export function gitTaskHandlers({ sources, stateFolder, digestsOf }: GitTaskOptions) {
  const { cache, renderer } = sources;
  return {
    fetchManifests: async (work: object) => {
      const source = work as ManifestSource & { readonly isHard?: boolean };
      if (source.isHard) sources.invalidate(source.repoURL);
      return sources.fetchManifests(source);
    },
    revertInGit: async (work: object) =>
      revertInGit({ cache, renderer, stateFolder, digestsOf }, work as RevertRequest),
  };
}
