import { choice, count, described, flag, keyed, list, object, text } from "../../schema/build.ts";
import { labelSelector } from "../meta-schema.ts";

const number = (description: string, rules: object = {}) => ({ type: "number", description, ...rules }) as const;
const address = text("Another Prometheus than the embedded one.");

export const rollbackPolicySpec = object("How releases are judged beside their AnalysisTemplates, and what follows.", {
  selector: described("By the Rollouts' labels; absent: every Rollout of the namespace.", labelSelector),
  judge: object("The judge that compares the versions.", {
    mode: choice("Whether its verdicts are acted on.", ["enforce", "advise", "off"]),
    windowSeconds: count("How often it looks.", { minimum: 1, maximum: 60 }),
    tolerances: object("Percent that users don't mind.", {
      failuresPercent: number("More failures.", { minimum: 0, maximum: 1000 }),
      latencyPercent: number("Slower.", { minimum: 0, maximum: 1000 }),
      conversionsPercent: number("Fewer conversions.", { minimum: 0, maximum: 100 }),
    }),
  }),
  rules: keyed(
    "Absent: the default rules.",
    ["name"],
    object(
      "What ends, holds or questions a release.",
      {
        name: text("Its name.", { minLength: 1, maxLength: 63 }),
        when: list(
          "All must hold.",
          object(
            "One threshold, in percent but for a metric of one's own.",
            {
              signal: choice("What is looked at, over the last ten minutes.", [
                "errorRate",
                "errorRateChange",
                "p95Change",
                "conversionChange",
                "memoryGrowth",
                "memoryUsage",
                "metric",
              ]),
              metric: text("The name of a metric, where the signal is metric."),
              above: number("It holds above this."),
              below: number("It holds below this."),
            },
            { required: ["signal"] },
          ),
          { minItems: 1 },
        ),
        action: choice("What follows.", [
          "immediate_rollback",
          "scheduled_rollback",
          "alert_human",
          "monitor_closely",
          "continue",
        ]),
        validationSeconds: count("How long a scheduled_rollback must have held; 300 by default.", { maximum: 86_400 }),
        minimumRequests: count("Of the new version; with fewer the rule says nothing. 100 by default."),
      },
      { required: ["name", "when", "action"] },
    ),
  ),
  metrics: keyed(
    "Numbers of the business, for rules.",
    ["name"],
    object(
      "One number.",
      {
        name: text("Its name.", { minLength: 1, maxLength: 63 }),
        query: text("PromQL; {{hash}} stands for the version's pod template hash.", { minLength: 1 }),
        address,
      },
      { required: ["name", "query"] },
    ),
  ),
  conversions: object(
    "Cumulative counters, in the embedded metrics, of users who could convert, and who did.",
    {
      exposures: text("PromQL; {{hash}} stands for the version's pod template hash.", { minLength: 1 }),
      conversions: text("PromQL; {{hash}} stands for the version's pod template hash.", { minLength: 1 }),
    },
    { required: ["exposures", "conversions"] },
  ),
  holdback: object("A share of the stable version that stays for a while after the last step.", {
    weight: count("Percent; 5 by default, 0 switches it off.", { maximum: 50 }),
    seconds: count("600 by default.", { maximum: 604_800 }),
  }),
  freshBaseline: flag("Compare with as many new pods of the stable version as the canary has; off by default."),
  model: object(
    "A model elsewhere that is asked at each window.",
    {
      url: text("Where it is asked by POST.", { pattern: "^https?://" }),
      timeoutSeconds: count("2 by default.", { minimum: 1, maximum: 30 }),
      tokenSecretRef: object(
        "Sent as a bearer token.",
        { name: text("A Secret of this namespace."), key: text("Its key.") },
        { required: ["name", "key"] },
      ),
      use: choice("Beside the built-in judge, or instead of it where it answers.", ["beside", "instead"]),
    },
    { required: ["url"] },
  ),
});
