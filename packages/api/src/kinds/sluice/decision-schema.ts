import { anyObject, anything, list, object, text, time } from "../../schema/build.ts";

export const decisionSpec = object(
  "What was decided, why, and from what. Can't be changed.",
  {
    subject: object(
      "About what.",
      {
        apiVersion: text("Its API version."),
        kind: text("Its kind."),
        namespace: text("Its namespace."),
        name: text("Its name."),
        uid: text("Its uid."),
        revision: text("Its revision, or a commit."),
        podTemplateHash: text("Its version."),
      },
      { required: ["kind", "name"] },
    ),
    action: text("What was decided, such as advance, pause, abort or quarantine.", {
      pattern: "^[a-z][a-zA-Z-]*$",
      maxLength: 63,
    }),
    at: time("When."),
    because: text("Why."),
    by: text("Who asked, where a person did."),
    inputs: anyObject("Everything that it was decided from."),
    evidence: list(
      "What was looked at.",
      object(
        "One thing.",
        {
          name: text("What."),
          value: anything("What it was."),
          threshold: anything("What it had to be."),
          verdict: text("What that means."),
          requests: { type: "number", description: "Requests that the canary got." },
          share: { type: "number", description: "Share of the traffic that the canary got, 0 to 1." },
          confidence: { type: "number", description: "How sure, 0 to 1." },
          message: text("More."),
          at: time("When."),
        },
        { required: ["name"], "x-kubernetes-preserve-unknown-fields": true },
      ),
    ),
  },
  { required: ["subject", "action", "at", "because"] },
);
