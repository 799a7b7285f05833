import type { CanaryStep } from "@sluice/api";
import { planOf } from "../manifests/plans.ts";
import type { Act, Removal, Step, Story, Word } from "./story.ts";

const words: Readonly<Record<Word, string>> = {
  promote: "a person promotes it",
  promoteFull: "a person promotes it in full",
  abort: "a person aborts it",
  callBad: "a person aborts it and calls it bad",
  retry: "a person retries it",
  undo: "a person undoes it",
  restart: "a person restarts its Pods",
  pause: "a person pauses it",
  resume: "a person resumes it",
  lift: "a person lifts the last Quarantine",
  evict: "one of its Pods is evicted",
  takeColoursBack: "a person takes the BlueGreenDeployment back",
  endExperiment: "a person ends the Experiment",
  endRun: "a person ends the AnalysisRun",
  sync: "a person syncs the Application",
  endSync: "a person ends the sync",
  drift: "somebody changes the live Rollout by hand",
  deploy: "somebody deploys another version by hand, past git",
  configure: "the ConfigMap that its Pods read changes",
  policy: "the RollbackPolicy changes its mind whether the judge acts",
  rings: "the RingSet changes",
  notes: "a ConfigMap comes, or goes where it is there",
  recreate: "a Rollout of the same name comes back",
  crash: "the control plane crashes",
  watchGap: "every watch breaks",
};

const removals: Readonly<Record<Removal, string>> = {
  background: "and what it owns with it",
  foreground: "once what it owns is gone",
  orphan: "and what it owns stays",
};

function toldStep({ amid, ...act }: Step): string {
  return `${toldAct(act as Act)}${amid === undefined ? "" : `, amid the controllers' effect ${amid} from here`}`;
}

const toldPlan = (plan: number, isRouted = true): string =>
  planOf(plan, isRouted).map(toldCanaryStep).join(", ") || "none";

function toldCanaryStep(step: CanaryStep): string {
  const [name = "", value] = Object.entries(step)[0] ?? [];
  if (step.setWeight !== undefined) return `${step.setWeight} %`;
  if (step.pause !== undefined) return `pause ${step.pause.duration ?? "for a person"}`;
  if (step.setCanaryScale !== undefined) return `${name} ${Object.entries(step.setCanaryScale).flat().join(" ")}`;
  return [name, (value as { readonly name?: string }).name].filter((word) => word !== undefined).join(" ");
}

/** What is done, as a line that a person reads. */
function toldAct(step: Act): string {
  switch (step.do) {
    case "push":
      return `push a version that is ${step.fate}${step.isLasting === true ? " and can't be undone" : ""}`;
    case "again":
      return `push version ${step.place} of those before again`;
    case "wait":
      return `wait ${step.seconds} s`;
    case "query":
      return `from now on queries answer: ${step.answer}`;
    case "verdict":
      return `from now on the judge says: ${step.ruling}`;
    case "git":
      return step.isReachable ? "the repository can be reached" : "the repository can't be reached";
    case "scale":
      return `scale to ${step.replicas}`;
    case "steps":
      return `change the steps to plan ${step.plan}: ${toldPlan(step.plan)}`;
    case "clock":
      return `the clock steps by ${step.seconds} s`;
    case "remove":
      return `the Rollout is deleted, ${removals[step.how]}`;
    case "worker":
      return `a Deployment gets a version that is ${step.fate}`;
    case "job":
      return `a Job begins that is ${step.fate}`;
    case "colours":
      return `a BlueGreenDeployment deploys a version that is ${step.fate}`;
    case "experiment":
      return `an Experiment begins, of a version that is ${step.fate}`;
    case "run":
      return `an AnalysisRun begins, whose Job is ${step.fate}`;
    default:
      return words[step.do];
  }
}

export function toldStory(story: Story): string {
  const {
    seed,
    shape,
    plan,
    replicas,
    hasBackground,
    hasHoldback,
    hasRings,
    hasFreshBaseline,
    sides,
    isDynamic,
    isEnforced,
    disturbance,
    steps,
  } = story;
  const unkind = Object.entries(disturbance).flatMap(([name, chance]) => (chance === 0 ? [] : [`${name} ${chance}`]));
  const more = [
    ...(hasBackground ? ["background analysis"] : []),
    ...(hasHoldback ? ["holdback"] : []),
    ...(hasRings ? ["rings"] : []),
    ...(hasFreshBaseline ? ["a fresh baseline"] : []),
    ...(sides === "services" ? ["two Services"] : sides === "pingPong" ? ["two Services that take turns"] : []),
    ...(story.routes === "two" ? ["two VirtualServices"] : []),
    ...(isDynamic ? ["a stable version that shrinks"] : []),
    ...(isEnforced ? [] : ["the judge advises"]),
    ...(story.hasRules ? ["rules of its own"] : []),
    ...(story.evidence === "unasked" ? [] : [`without evidence: ${story.evidence}`]),
    ...(story.measures === "prometheus" ? [] : [`measured by ${story.measures}`]),
    ...(story.budget === "none" ? [] : [`a budget: ${story.budget}`]),
    ...(story.isConfigured ? ["a ConfigMap"] : []),
    ...(story.template === "own" ? [] : ["workloadRef"]),
    ...(story.delivery === "hand" ? [] : ["from git"]),
    ...story.beside,
    ...story.off.map((gate) => `gate off: ${gate}`),
    ...story.extras.map((extra) => `spec: ${extra}`),
  ];
  return [
    `seed ${seed}: ${[shape, `plan ${plan}`, `${replicas} replicas`, ...more].join(", ")}`,
    ...(shape === "blueGreen" ? [] : [`its steps: ${toldPlan(plan, shape === "weights")}`]),
    `platform: ${unkind.length === 0 ? "calm" : unkind.join(", ")}`,
    ...steps.map((step, index) => `${index + 1}. ${toldStep(step)}`),
  ].join("\n");
}
