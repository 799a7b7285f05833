import type { Schema } from "../../contract/schema.ts";
import {
  anyObject,
  choice,
  count,
  flag,
  goDuration,
  integer,
  list,
  long,
  object,
  refused,
  text,
  textList,
  textMap,
  time,
} from "../../schema/build.ts";

// Fields of https://github.com/argoproj/argo-cd/blob/master/pkg/apis/application/v1alpha1/types.go

const plainManifests = "a folder of YAML or JSON manifests";

const sourceFields: Readonly<Record<string, Schema>> = {
  repoURL: text("The git repository.", { minLength: 1 }),
  path: text("The folder in it."),
  targetRevision: text("Branch, tag, commit or HEAD; HEAD unless given."),
  directory: object("Which files of the folder.", {
    recurse: flag("Folders below, too."),
    include: text("A glob, or several as {a,b}: only these."),
    exclude: text("A glob, or several as {a,b}: not these."),
    jsonnet: refused("jsonnet", plainManifests, anyObject("Jsonnet's arguments.")),
  }),
  helm: refused("helm sources", plainManifests, anyObject("Helm's values.")),
  kustomize: refused("kustomize sources", plainManifests, anyObject("Kustomize's options.")),
  plugin: refused("plugin sources", plainManifests, anyObject("A plugin's options.")),
  chart: refused("charts from a Helm repository", plainManifests, text("The chart.")),
  ref: refused("references between sources", "one source", text("A name for other sources.")),
  name: text("A name for people."),
};

const source = object("Where the manifests come from.", sourceFields, { required: ["repoURL"] });
/** In a status or an operation: a copy of what once was valid. */
const pastSource = anyObject("Where the manifests came from.");

const destination = object("Where they go.", {
  server: text("https://kubernetes.default.svc is this one."),
  namespace: text("The namespace of what names none."),
  name: text("in-cluster is this one."),
});

const retry = object("Tries a failed sync again.", {
  limit: long("How often; 5 unless given, negative for ever."),
  backoff: object("How long between.", {
    duration: goDuration("The first wait; 5s unless given."),
    factor: count("It grows by this; 2 unless given."),
    maxDuration: goDuration("And at most to this; 3m unless given."),
  }),
  refresh: flag("Uses the newest revision."),
});

const namespaceMetadata = object("Labels and annotations of a namespace that the sync creates.", {
  labels: textMap("Labels."),
  annotations: textMap("Annotations."),
});

const ignoreDifferences = list(
  "Differences that are no drift.",
  object(
    "Of which objects.",
    {
      group: text("API group."),
      kind: text("Kind."),
      name: text("Name; all unless given."),
      namespace: text("Namespace; all unless given."),
      jsonPointers: textList("Fields, such as /spec/replicas."),
      jqPathExpressions: refused("jqPathExpressions", "jsonPointers", textList("Fields, as jq paths.")),
      managedFieldsManagers: refused("managedFieldsManagers", "jsonPointers", textList("Fields of these writers.")),
    },
    { required: ["kind"] },
  ),
);

const info = list(
  "Facts for people.",
  object("One fact.", { name: text("Name."), value: text("Value.") }, { required: ["name", "value"] }),
);

export const applicationSpec = object(
  "Which manifests should be where.",
  {
    source,
    sources: refused("several sources", "source with one repository", list("Several sources.", anyObject(""))),
    sourceHydrator: refused("the source hydrator", "source", anyObject("Renders into another branch.")),
    destination,
    project: text("The AppProject; default."),
    syncPolicy: object("When and how they get there.", {
      automated: object("By itself.", {
        enabled: flag("Whether; true unless given."),
        prune: flag("Deletes what git no longer has."),
        selfHeal: flag("Puts back what was changed by hand."),
        allowEmpty: flag("Also when that deletes everything."),
      }),
      syncOptions: textList("Such as CreateNamespace=true."),
      retry,
      managedNamespaceMetadata: namespaceMetadata,
    }),
    ignoreDifferences,
    info,
    revisionHistoryLimit: count("Syncs that are remembered; 10 unless given."),
  },
  { required: ["destination"] },
);

const initiatedBy = object("Who asked.", { username: text("The person."), automated: flag("Nobody did.") });

export const operation = object("A request to act; the controller takes it off when it begins.", {
  sync: object("Brings the cluster to a revision.", {
    revision: text("The revision."),
    revisions: textList("Of several sources."),
    prune: flag("Deletes what git no longer has."),
    dryRun: flag("Only looks."),
    syncStrategy: anyObject("How."),
    resources: list("Only these.", anyObject("")),
    source: pastSource,
    sources: list("Several.", anyObject("")),
    manifests: textList("Instead of git's."),
    syncOptions: textList("Such as Prune=true."),
    selfHealAttemptsCount: integer("How often it healed."),
    autoHealAttemptsCount: integer("How often it healed."),
  }),
  initiatedBy,
  info,
  retry,
});

const health = object("How it does.", {
  status: choice("Healthy, Suspended, Progressing, Missing, Degraded or Unknown.", [
    "Healthy",
    "Suspended",
    "Progressing",
    "Missing",
    "Degraded",
    "Unknown",
    "",
  ]),
  message: text("Why."),
  lastTransitionTime: time("Since when."),
});

const resourceIdentity = {
  group: text("API group."),
  version: text("Version."),
  kind: text("Kind."),
  namespace: text("Namespace."),
  name: text("Name."),
};

export const applicationStatus = object("Where the Application stands.", {
  resources: list(
    "Its objects.",
    object("One object.", {
      ...resourceIdentity,
      status: text("Synced, OutOfSync or Unknown."),
      health,
      hook: flag("It is a hook."),
      requiresPruning: flag("It is to be deleted."),
      requiresDeletionConfirmation: flag("And waits for a person."),
      syncWave: long("Its wave."),
    }),
  ),
  sync: object("Whether the cluster is as git says.", {
    status: text("Synced, OutOfSync or Unknown."),
    comparedTo: anyObject("What it was compared to."),
    revision: text("At this commit."),
    revisions: textList("Of several sources."),
  }),
  health,
  history: list(
    "The syncs so far.",
    object("One sync.", {
      id: long("Its number."),
      revision: text("Its commit."),
      revisions: textList("Of several sources."),
      deployedAt: time("When it ended."),
      deployStartedAt: time("When it began."),
      source: pastSource,
      sources: list("Several.", anyObject("")),
      initiatedBy,
    }),
  ),
  conditions: list(
    "What is wrong.",
    object("One problem.", { type: text("Which."), message: text("Why."), lastTransitionTime: time("Since when.") }),
  ),
  reconciledAt: time("When it was last looked at."),
  operationState: object("The last or present sync.", {
    operation: { ...operation, description: "What was asked." },
    phase: text("Running, Terminating, Failed, Error or Succeeded."),
    message: text("Why."),
    syncResult: object("What it did.", {
      resources: list(
        "To which objects.",
        object("One object.", {
          ...resourceIdentity,
          status: text("Synced, SyncFailed, Pruned or PruneSkipped."),
          message: text("Why."),
          hookType: text("Which hook it is."),
          hookPhase: text("Where it stands."),
          syncPhase: text("PreSync, Sync, PostSync or SyncFail."),
        }),
      ),
      revision: text("The commit."),
      revisions: textList("Of several sources."),
      source: pastSource,
      sources: list("Several.", anyObject("")),
      managedNamespaceMetadata: namespaceMetadata,
    }),
    startedAt: time("When it began."),
    finishedAt: time("When it ended."),
    retryCount: long("How often it was tried again."),
  }),
  observedAt: time("Deprecated."),
  sourceType: text("Directory."),
  sourceTypes: textList("Of several sources."),
  summary: object("In short.", { externalURLs: textList("Addresses."), images: textList("Images.") }),
  resourceHealthSource: text("Where the health of the objects stands."),
  controllerNamespace: text("Where the controller runs."),
  sourceHydrator: anyObject("Of the source hydrator."),
});
