import type { KindDefinition } from "../../contract/kind-definition.ts";
import { ageColumn, column, fieldColumn, nameColumn, wideColumn } from "../columns.ts";
import { resource } from "../meta-schema.ts";
import { immutable } from "../rules.ts";
import type { Decision } from "./decision.ts";
import { decisionSpec } from "./decision-schema.ts";
import type { EvidencePolicy } from "./evidence-policy.ts";
import { checkEvidencePolicy } from "./evidence-policy-rules.ts";
import { evidencePolicySpec } from "./evidence-policy-schema.ts";
import type { Judgement } from "./judgement.ts";
import { judgementSpec, judgementStatus } from "./judgement-schema.ts";
import type { Quarantine } from "./quarantine.ts";
import { quarantineSpec, quarantineStatus } from "./quarantine-schema.ts";
import type { RingSet } from "./ring-set.ts";
import { checkRingSet } from "./ring-set-rules.ts";
import { ringSetSpec } from "./ring-set-schema.ts";
import type { RollbackPolicy } from "./rollback-policy.ts";
import { checkRollbackPolicy } from "./rollback-policy-rules.ts";
import { rollbackPolicySpec } from "./rollback-policy-schema.ts";
import { routeTableSpec, routeTableStatus } from "./route-table-schema.ts";

const sluice = { group: "sluice.dev", versions: ["v1alpha1"] } as const;

export const quarantineKind: KindDefinition = {
  ...sluice,
  kind: "Quarantine",
  plural: "quarantines",
  singular: "quarantine",
  shortNames: ["quar"],
  categories: ["sluice"],
  namespaced: true,
  schema: resource(
    "A version that gets no traffic until a person says so.",
    { spec: quarantineSpec, status: quarantineStatus },
    ["spec"],
  ),
  status: true,
  columns: [
    nameColumn,
    column<Quarantine>("Workload", ({ spec: { workload } }) => `${workload.kind.toLowerCase()}/${workload.name}`),
    column<Quarantine>("Lifted", ({ spec, status }) =>
      status?.lifted === true || spec.liftedBy ? `by ${spec.liftedBy ?? "somebody"}` : "no",
    ),
    fieldColumn("Git", "status.gitRevert.phase"),
    fieldColumn("Reason", "spec.reason"),
    ageColumn,
    wideColumn<Quarantine>("Images", ({ spec }) => spec.images?.join(",")),
  ],
  validate: (object, old) => {
    if (old === undefined) return [];
    const fixed = ({ liftedBy, ...spec }: Quarantine["spec"]) => spec;
    return immutable("spec", fixed((object as Quarantine).spec), fixed((old as Quarantine).spec));
  },
};

export const decisionKind: KindDefinition = {
  ...sluice,
  kind: "Decision",
  plural: "decisions",
  singular: "decision",
  shortNames: ["dec"],
  categories: ["sluice"],
  namespaced: true,
  schema: resource("What was decided, why, and from what.", { spec: decisionSpec }, ["spec"]),
  selectableFields: ["spec.subject.kind", "spec.subject.name", "spec.subject.uid", "spec.action"],
  columns: [
    nameColumn,
    column<Decision>("Subject", ({ spec: { subject } }) => `${subject.kind.toLowerCase()}/${subject.name}`),
    fieldColumn("Action", "spec.action"),
    fieldColumn("Because", "spec.because"),
    ageColumn,
  ],
  validate: (object, old) =>
    old === undefined ? [] : immutable("spec", (object as Decision).spec, (old as Decision).spec),
};

export const ringSetKind: KindDefinition = {
  ...sluice,
  kind: "RingSet",
  plural: "ringsets",
  singular: "ringset",
  shortNames: ["rings"],
  categories: ["sluice"],
  namespaced: true,
  schema: resource("Who gets a new version when.", { spec: ringSetSpec }, ["spec"]),
  columns: [
    nameColumn,
    column<RingSet>("Rings", ({ spec }) => spec.rings.map(({ name, weight }) => `${name} ${weight}%`).join(",")),
    column<RingSet>("User", ({ spec: { user } }) =>
      user === undefined ? "" : user.cookie === undefined ? `header ${user.header}` : `cookie ${user.cookie}`,
    ),
    ageColumn,
  ],
  validate: (object) => checkRingSet(object as RingSet),
};

export const evidencePolicyKind: KindDefinition = {
  ...sluice,
  kind: "EvidencePolicy",
  plural: "evidencepolicies",
  singular: "evidencepolicy",
  shortNames: ["evp"],
  categories: ["sluice"],
  namespaced: true,
  schema: resource("What counts as evidence of a version, and what happens without.", { spec: evidencePolicySpec }, [
    "spec",
  ]),
  columns: [
    nameColumn,
    column<EvidencePolicy>("NoData", ({ spec }) => spec.noData ?? "hold"),
    fieldColumn("Minimum", "spec.minimumRequests", "integer"),
    column<EvidencePolicy>("Checks", ({ spec }) => String(spec.syntheticChecks?.length ?? 0)),
    ageColumn,
  ],
  validate: (object) => checkEvidencePolicy(object as EvidencePolicy),
};

export const routeTableKind: KindDefinition = {
  ...sluice,
  kind: "RouteTable",
  plural: "routetables",
  singular: "routetable",
  categories: ["sluice"],
  namespaced: false,
  schema: resource("What the router routes by.", { spec: routeTableSpec, status: routeTableStatus }, ["spec"]),
  status: true,
  columns: [
    nameColumn,
    fieldColumn("Version", "spec.version", "integer"),
    fieldColumn("Applied", "status.appliedVersion", "integer"),
    ageColumn,
  ],
};

export const rollbackPolicyKind: KindDefinition = {
  ...sluice,
  kind: "RollbackPolicy",
  plural: "rollbackpolicies",
  singular: "rollbackpolicy",
  shortNames: ["rbp"],
  categories: ["sluice"],
  namespaced: true,
  schema: resource("How releases are judged, and what follows.", { spec: rollbackPolicySpec }, ["spec"]),
  columns: [
    nameColumn,
    column<RollbackPolicy>("Judge", ({ spec }) => spec.judge?.mode ?? "enforce"),
    column<RollbackPolicy>("Rules", ({ spec }) => (spec.rules === undefined ? "default" : String(spec.rules.length))),
    ageColumn,
  ],
  validate: (object) => checkRollbackPolicy(object as RollbackPolicy),
};

export const judgementKind: KindDefinition = {
  ...sluice,
  kind: "Judgement",
  plural: "judgements",
  singular: "judgement",
  shortNames: ["jdg"],
  categories: ["sluice"],
  namespaced: true,
  schema: resource("One release under the judge's eyes.", { spec: judgementSpec, status: judgementStatus }, ["spec"]),
  status: true,
  columns: [
    nameColumn,
    column<Judgement>("Rollout", ({ spec }) => spec.rollout.name),
    fieldColumn("Action", "status.action"),
    fieldColumn("Windows", "status.windows", "integer"),
    fieldColumn("Because", "status.because"),
    ageColumn,
  ],
};
