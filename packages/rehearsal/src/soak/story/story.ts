/** What a version is like. Its name is in the image, so that a shrunk story tells it. */
export type Fate = "well" | "slow" | "flaky" | "stuck" | "crashing";
export type Answer = "good" | "bad" | "NaN" | "empty" | "fails";
/** What the judge says of the version on its way. */
export type Ruling = "continue" | "monitor" | "alert" | "rollback";

/** One thing that a person or the outside does, at rest or amid so many effects of the controllers from now. */
export type Step = Act & { readonly amid?: number };

export type Act =
  | {
      readonly do: "push";
      readonly fate: Fate;
      /** What it does can't be undone, by its annotation. */
      readonly isLasting?: true;
    }
  /** A version that was there before, by its place among all. */
  | { readonly do: "again"; readonly place: number }
  | { readonly do: "wait"; readonly seconds: number }
  | { readonly do: "query"; readonly answer: Answer }
  | { readonly do: "verdict"; readonly ruling: Ruling }
  | { readonly do: "git"; readonly isReachable: boolean }
  | { readonly do: "scale"; readonly replicas: number }
  | { readonly do: "steps"; readonly plan: number }
  /** The Rollout is deleted. */
  | { readonly do: "remove"; readonly how: Removal }
  | { readonly do: "clock"; readonly seconds: number }
  /** What stands beside the release. */
  | { readonly do: "worker" | "job" | "colours" | "experiment" | "run"; readonly fate: Fate }
  | { readonly do: Word };

/** What people say to a release, or do to the platform. */
export type Word = Saying | Edit | "crash" | "watchGap";

/** What people change in manifests beside the Rollout's own. */
export type Edit = "configure" | "policy" | "rings" | "notes" | "recreate";

/** Whether what it owns goes at once, before it, or stays. */
export type Removal = "background" | "foreground" | "orphan";

/** What people ask of what is there. */
export type Saying =
  | "promote"
  | "promoteFull"
  | "abort"
  | "callBad"
  | "retry"
  | "undo"
  | "restart"
  | "pause"
  | "resume"
  | "lift"
  | "evict"
  | "takeColoursBack"
  | "endExperiment"
  | "endRun"
  | "sync"
  | "endSync"
  | "drift"
  | "deploy";

export type Shape = "weights" | "pods" | "blueGreen";
export type Beside = "worker" | "job" | "colours" | "experiment" | "run";
/** Who answers what analyses ask. */
export type Measures = "prometheus" | "web" | "job" | "plugin" | "comparison" | "judge";

export type Budget = "none" | "twoStay" | "oneMayGo";

/** How unkind the platform is; each is a chance per effect or piece of news, 0 switches it off. */
export interface Disturbance {
  readonly crash: number;
  readonly conflict: number;
  readonly delay: number;
  readonly duplicate: number;
  readonly gap: number;
  /** Outside work takes its time. */
  readonly slow: number;
}

export const calm: Disturbance = { crash: 0, conflict: 0, delay: 0, duplicate: 0, gap: 0, slow: 0 };

/** More fields of a Rollout that a strategy may have. */
export const everyExtra = [
  "surge",
  "noSurge",
  "minReady",
  "window",
  "metadata",
  "antiAffinity",
  "threshold",
  "delays",
  "minPods",
] as const;
/** What came later is drawn last. */
export const laterExtras = ["deadlineAborts", "deadlineStays"] as const;
/** Gates that a team switched off. */
export const everyOff = ["crashLoop", "noData", "progressDeadline", "neverReady", "quarantine", "judge"] as const;
type Off = (typeof everyOff)[number];
export type Extra = (typeof everyExtra)[number] | (typeof laterExtras)[number];

export interface Story {
  readonly seed: number;
  readonly shape: Shape;
  readonly plan: number;
  readonly replicas: number;
  readonly hasBackground: boolean;
  readonly hasHoldback: boolean;
  readonly hasRings: boolean;
  /** Compared with new Pods of the stable version. */
  readonly hasFreshBaseline: boolean;
  /** What tells the two versions apart in routes. */
  readonly sides: "subsets" | "services" | "pingPong";
  /** How many VirtualServices lead to them. */
  readonly routes: "one" | "two";
  /** The stable version shrinks as traffic leaves it. */
  readonly isDynamic: boolean;
  /** What the judge says is acted on; otherwise it only advises. */
  readonly isEnforced: boolean;
  /** A team's own rules beside the judge. */
  readonly hasRules: boolean;
  /** What becomes of a version that nothing is known of; "unasked": no EvidencePolicy says so. */
  readonly evidence: "unasked" | "hold" | "fail" | "pass";
  readonly measures: Measures;
  /** How many pods a PodDisruptionBudget wants to stay. */
  readonly budget: Budget;
  /** Pods read a ConfigMap, which is a part of their version. */
  readonly isConfigured: boolean;
  /** Where the template stands. */
  readonly template: "own" | "deployment";
  /** Who writes the manifests: people, or an Application from a repository. */
  readonly delivery: "hand" | "git";
  readonly beside: readonly Beside[];
  readonly extras: readonly Extra[];
  readonly off: readonly Off[];
  readonly disturbance: Disturbance;
  readonly steps: readonly Step[];
}

/** A calm release by hand with nothing beside it. */
export const plainStory: Story = {
  seed: 1,
  shape: "weights",
  plan: 1,
  replicas: 3,
  hasBackground: false,
  hasHoldback: false,
  hasRings: false,
  hasFreshBaseline: false,
  sides: "subsets",
  routes: "one",
  isDynamic: false,
  isEnforced: true,
  hasRules: false,
  evidence: "unasked",
  measures: "prometheus",
  budget: "none",
  isConfigured: false,
  template: "own",
  delivery: "hand",
  beside: [],
  extras: [],
  off: [],
  disturbance: calm,
  steps: [],
};
