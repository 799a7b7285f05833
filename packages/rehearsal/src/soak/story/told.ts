import type { Step, Story } from "./story.ts";

/** A step as a line that a person reads. */
function toldStep(step: Step): string {
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
      return `change the steps to plan ${step.plan}`;
    case "clock":
      return `the clock steps by ${step.seconds} s`;
    case "worker":
      return `a Deployment gets a version that is ${step.fate}`;
    case "job":
      return `a Job begins that is ${step.fate}`;
    case "colours":
      return `a BlueGreenDeployment deploys a version that is ${step.fate}`;
    default:
      return step.do;
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
    ...(sides === "services" ? ["two Services"] : []),
    ...(isDynamic ? ["a stable version that shrinks"] : []),
    ...(isEnforced ? [] : ["the judge advises"]),
    ...(story.template === "own" ? [] : ["workloadRef"]),
    ...(story.delivery === "hand" ? [] : ["from git"]),
    ...story.beside,
  ];
  return [
    `seed ${seed}: ${[shape, `plan ${plan}`, `${replicas} replicas`, ...more].join(", ")}`,
    `platform: ${unkind.length === 0 ? "calm" : unkind.join(", ")}`,
    ...steps.map((step, index) => `${index + 1}. ${toldStep(step)}`),
  ].join("\n");
}
