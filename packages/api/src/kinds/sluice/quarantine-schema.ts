import { choice, flag, object, text, textList, textMap, time } from "../../schema/build.ts";
import { conditions } from "../meta-schema.ts";

export const quarantineSpec = object(
  "A version that gets no traffic until a person says so.",
  {
    application: text("The Application that asked for it: its name in argocd, or namespace/name."),
    namespace: text("Where the workload is.", { minLength: 1 }),
    workload: object(
      "Whose version it is.",
      { apiVersion: text("Its API version."), kind: text("Its kind."), name: text("Its name.") },
      { required: ["apiVersion", "kind", "name"] },
    ),
    podTemplateHash: text("The version's hash."),
    templateDigest: text("Hash of the rendered pod template: the same content is the same version.", { minLength: 1 }),
    configuration: textMap("Digests of the ConfigMaps and Secrets that it reads, by Kind/name: part of the version."),
    images: textList("Its images."),
    reason: text("Why."),
    decision: text("The Decision that quarantined it."),
    source: object("Where the version came from.", {
      repoURL: text("The repository."),
      revision: text("The commit."),
      path: text("The folder."),
    }),
    liftedBy: text("Who let it have traffic again."),
  },
  { required: ["namespace", "workload", "templateDigest", "reason"] },
);

export const quarantineStatus = object("What became of it.", {
  lifted: flag("It may have traffic again."),
  liftedAt: time("Since when."),
  gitRevert: object("What git says.", {
    phase: choice("Where it stands.", [
      "Pending",
      "Running",
      "Committed",
      "BranchPushed",
      "PatchWritten",
      "NotNeeded",
      "Held",
      "Failed",
      "Off",
    ]),
    branch: text("The branch that waits for a person."),
    commit: text("The commit that takes it back."),
    reverts: text("The commit that is taken back."),
    patchPath: text("The patch, in the state folder."),
    message: text("Why."),
    attemptId: text("Which try."),
    startedAt: time("When it began."),
    finishedAt: time("When it ended."),
  }),
  observedGeneration: { type: "integer", format: "int64", description: "The generation that this status is of." },
  conditions,
});
