import { anyObject, flag, list, object, refused, text, textList } from "../../schema/build.ts";

const groupKinds = (description: string) =>
  list(
    description,
    object("One kind.", { group: text("Group, * for all."), kind: text("Kind, * for all."), name: text("Name.") }),
  );

export const appProjectSpec = object("What Applications of this project may do.", {
  description: text("For people."),
  sourceRepos: textList("Repositories that they may use; * for all."),
  destinations: list(
    "Where they may deploy.",
    object("One place.", { server: text("Server."), namespace: text("Namespace."), name: text("Name.") }),
  ),
  sourceNamespaces: textList("Namespaces that may hold them."),
  clusterResourceWhitelist: groupKinds("Cluster-wide kinds that they may use."),
  clusterResourceBlacklist: groupKinds("Cluster-wide kinds that they may not."),
  namespaceResourceWhitelist: groupKinds("Kinds that they may use."),
  namespaceResourceBlacklist: groupKinds("Kinds that they may not."),
  orphanedResources: anyObject("Objects that belong to nobody."),
  roles: refused("roles of a project", "the API's own tokens", list("Roles.", anyObject(""))),
  syncWindows: refused("syncWindows", "a manual sync policy", list("When syncs may run.", anyObject(""))),
  signatureKeys: refused(
    "signatureKeys",
    "protected branches",
    list("Keys that commits must be signed by.", anyObject("")),
  ),
  permitOnlyProjectScopedClusters: flag("Only clusters of the project."),
  destinationServiceAccounts: refused(
    "destinationServiceAccounts",
    "the API's own tokens",
    list("Service accounts to deploy as.", anyObject("")),
  ),
});
