import { anyObject, choice, count, flag, list, object, text, time } from "../../schema/build.ts";
import { rollbackPolicySpec } from "./rollback-policy-schema.ts";

const version = (description: string) =>
  object(
    description,
    { podTemplateHash: text("Its hash."), name: text("How people call it.") },
    {
      required: ["podTemplateHash", "name"],
    },
  );
const ofPolicy = (name: string) => rollbackPolicySpec.properties?.[name] ?? anyObject("As its RollbackPolicy had it.");
const share = (description: string) => ({ type: "number", description }) as const;

export const judgementSpec = object(
  "What a release is judged by: its RollbackPolicy as it was when the release began.",
  {
    rollout: object(
      "Whose release it is.",
      { name: text("Its name."), uid: text("Its uid.") },
      {
        required: ["name", "uid"],
      },
    ),
    revision: text("The release's revision."),
    canary: version("The new version."),
    stable: version("The version that it is compared with."),
    baseline: version("New Pods of the stable version, where it is compared with those."),
    beganAt: time("When the release began."),
    plan: list(
      "Its weights.",
      object(
        "One.",
        { weight: share("Percent."), seconds: share("For how long.") },
        { required: ["weight", "seconds"] },
      ),
    ),
    comparedWith: choice(
      "What the stable version serves meanwhile, or what it served before: after a switch it gets nothing.",
      ["meanwhile", "before"],
    ),
    windowSeconds: count("How long a window is.", { minimum: 1 }),
    mode: choice("Whether verdicts are acted on.", ["enforce", "advise", "off"]),
    tolerances: rollbackPolicySpec.properties?.judge?.properties?.tolerances ?? anyObject("Percent."),
    policy: text("The RollbackPolicy that it is from."),
    rules: ofPolicy("rules"),
    metrics: ofPolicy("metrics"),
    conversions: ofPolicy("conversions"),
    model: ofPolicy("model"),
    terminate: flag("The release has ended."),
    outcome: choice("How it ended.", ["promoted", "rolledBack", "superseded"]),
    blamed: flag(
      "Whether the version is said to be bad. A plain abort without a verdict against it says nothing of it.",
    ),
  },
  { required: ["rollout", "revision", "canary", "stable", "beganAt", "plan", "windowSeconds", "mode"] },
);

export const judgementStatus = object("The verdict so far.", {
  phase: choice("Whether it goes on.", ["Judging", "Ended"]),
  action: choice("What should happen.", ["continue", "monitor", "alert", "rollback"]),
  decidedBy: text("The judge, a rule by its name, or the model."),
  because: text("In a sentence."),
  confidence: share("How sure it is that the release is worse than tolerated, 0 to 1."),
  nats: share("Log of the strongest evidence after paying for every look."),
  judge: count("Which judge: its number goes up with each change of what it would say."),
  rollbackNats: share("The evidence at which the release is taken back, in nats."),
  suspects: flag("The weight must not grow yet."),
  evidence: list(
    "Of each signal, strongest first.",
    object(
      "One signal.",
      {
        signal: text("Which."),
        nats: share("Log of its evidence."),
        since: share("Seconds since the release began."),
        endpoint: text("Of one endpoint."),
      },
      { required: ["signal", "nats", "since"] },
    ),
  ),
  brokenRules: list(
    "Rules that hold now.",
    object(
      "One rule.",
      {
        name: text("Its name."),
        action: text("What follows."),
        since: time("Since when."),
        message: text("With its numbers."),
      },
      { required: ["name", "action", "since", "message"] },
    ),
  ),
  model: object(
    "What the model elsewhere said.",
    {
      probability: share("That the release should be taken back."),
      recommendedAction: text("In its words."),
      alarmedSince: time("Since when it has been sure."),
      message: text("Why, or why it wasn't heard."),
    },
    { required: ["message"] },
  ),
  windows: count("Windows judged so far."),
  requests: share("Of the new version, that could be compared."),
  lastWindowAt: time("The end of the last window."),
  step: object(
    "The step of the plan.",
    { index: count("Which."), since: time("Since when.") },
    {
      required: ["index", "since"],
    },
  ),
  message: text("Why windows can't be read, while they can't."),
});
