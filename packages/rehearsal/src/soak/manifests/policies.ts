import type { RollbackRule } from "@sluice/api";
import type { Story } from "../story/story.ts";
import { askedImage, onceOf } from "./analyses.ts";
import { namespace, type Wanted } from "./release.ts";

const named = (kind: string, name: string, spec: object) => ({
  apiVersion: "sluice.dev/v1alpha1",
  kind,
  metadata: { name, namespace },
  spec,
});

const rules: readonly RollbackRule[] = [
  { name: "errors", when: [{ signal: "errorRate", above: 5 }], action: "immediate_rollback" },
  { name: "slow", when: [{ signal: "p95Change", above: 50 }], action: "scheduled_rollback", validationSeconds: 60 },
  { name: "buyers", when: [{ signal: "metric", metric: "orders", below: 5 }], action: "alert_human" },
];

export const ringSetName = "global";
const ringSets = [
  { rings: [{ name: "all", weight: 1 }] },
  {
    user: { cookie: "user" },
    rings: [
      { name: "staff", weight: 1, who: [{ header: "x-staff", operator: "equals", values: ["yes"] }] },
      { name: "all", weight: 20 },
    ],
  },
  {
    user: { header: "x-user" },
    rings: [
      { name: "few", weight: 1, share: 10 },
      { name: "all", weight: 50 },
    ],
  },
];

const evidenceOf = ({ evidence }: Story) => ({
  noData: evidence,
  minimumRequests: 50,
  askAfter: "2m",
  syntheticChecks: [
    { name: "ping", service: "web", count: 5 },
    { name: "smoke", job: { spec: onceOf(askedImage("smoke")) } },
  ],
});

export const budgetKey = { apiVersion: "policy/v1", kind: "PodDisruptionBudget", namespace, name: "web" };
const budgets = { twoStay: { minAvailable: 2 }, oneMayGo: { maxUnavailable: 1 } } as const;

/** How many Pods of the release want to stay while nobody has to take them. */
export const budgetsOf = ({ budget }: Story) =>
  budget === "none"
    ? []
    : [
        {
          apiVersion: budgetKey.apiVersion,
          kind: budgetKey.kind,
          metadata: { name: budgetKey.name, namespace },
          spec: { selector: { matchLabels: { app: "web" } }, ...budgets[budget] },
        },
      ];

/** How the release is judged, what counts as evidence, and who gets it first. */
export const policies = (story: Story, wanted: Wanted) => [
  named("RollbackPolicy", "careful", {
    judge: { mode: wanted.isEnforced ? "enforce" : "advise", windowSeconds: 20 },
    holdback: story.hasHoldback ? { weight: 5, seconds: 60 } : { weight: 0 },
    ...(story.hasFreshBaseline ? { freshBaseline: true } : {}),
    ...(story.hasRules ? { rules, metrics: [{ name: "orders", query: "orders" }] } : { rules: [] }),
  }),
  ...(story.evidence === "unasked" ? [] : [named("EvidencePolicy", "enough", evidenceOf(story))]),
  ...(story.hasRings ? [named("RingSet", ringSetName, ringSets[wanted.rings % ringSets.length] as object)] : []),
];
