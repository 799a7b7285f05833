export { ApplicationRefresher, type ApplicationRefresherOptions } from "./application-refresher.ts";
export { type CredentialFault, credentialsFromSecrets, type RepositoryCredential } from "./git/credentials.ts";
export { parseRepositoryUrl, type RepositoryUrl, sameRepository } from "./git/repository-url.ts";
export { type FetchedManifests, GitSources, type ManifestSource } from "./git-sources.ts";
export { HookHandler, type HookHandlerOptions } from "./hooks/hook-handler.ts";
export { type HookSecrets, type HookVerdict, verifyHook } from "./hooks/verify-hook.ts";
export {
  type LocatedResource,
  type ManifestFault,
  type ParsedManifests,
  parseManifests,
} from "./manifests/parse-manifests.ts";
export type { DirectoryOptions } from "./manifests/select-files.ts";
export { decideRevert, type RevertDecision, type RevertFacts, type RevertMode } from "./revert/decide-revert.ts";
export { type PushAnswer, pushWithLease } from "./revert/push.ts";
export { type RevertTools, revertInGit } from "./revert/revert-in-git.ts";
export type { RevertOutcome, RevertRequest } from "./revert/revert-request.ts";
export type { DigestsOf } from "./revert/version-history.ts";
export { type GitTaskOptions, gitTaskHandlers } from "./tasks.ts";
export type { RepositoryWatchOptions } from "./watch/watch-repository.ts";
