import { choice, count, flag, long, object, text, textList, time } from "../../schema/build.ts";
import { conditions } from "../meta-schema.ts";

const path = { pattern: "^/" };

export const blueGreenSpec = object(
  "A deploy over two Deployments and the Service of the same name, whose selector switches.",
  {
    release: text("Names the deploy: another value begins another one.", { minLength: 1 }),
    image: text("The new image; absent: what the idle colour had last.", { minLength: 1 }),
    container: text("Whose image it is, where the Pods have several containers."),
    label: text("The label of the Service's selector that switches.", { default: "version" }),
    timeoutSeconds: count("How long the new colour may take until it is ready.", { minimum: 1, default: 300 }),
    healthPath: text("Asked of each Pod before the switch; absent: the path of its probes.", path),
    smoke: object(
      "A Job that tries the new colour before the switch; TARGET_URL says where it is.",
      {
        image: text("Its image.", { minLength: 1 }),
        command: textList("Its command; absent: the image's."),
        timeoutSeconds: count("How long it may take.", { minimum: 1, default: 300 }),
      },
      { required: ["image"] },
    ),
    verification: object(
      "What is asked through the router after the switch.",
      {
        path: text("What is asked for; absent: the path of the health checks.", path),
        requests: count("How many requests, each answered by the new colour. 0: none.", { default: 20 }),
        timeoutSeconds: count("How long it may take.", { minimum: 1, default: 60 }),
      },
      { default: {} },
    ),
    drainSeconds: count("How long the old colour stays after the switch.", { default: 30 }),
    notify: object(
      "Who is told when it ends.",
      {
        secretName: text("The Secret with the webhook's URL.", { minLength: 1 }),
        secretKey: text("Its key there.", { default: "url" }),
      },
      { required: ["secretName"] },
    ),
    abort: flag("Take it back."),
    by: text("Who asked."),
  },
  { required: ["release"] },
);

export const blueGreenStatus = object("How far the deploy is.", {
  phase: choice("What is done now, or how it ended.", [
    "Preparing",
    "WaitingForReady",
    "CheckingHealth",
    "SmokeTesting",
    "Switching",
    "Verifying",
    "Draining",
    "SwitchingBack",
    "CleaningUp",
    "Notifying",
    "Succeeded",
    "Failed",
    "Aborted",
  ]),
  phaseStartedAt: time("Since when."),
  release: text("The release that this is about."),
  startedAt: time("When it began."),
  finishedAt: time("When it ended."),
  from: text("The colour that had the traffic when it began."),
  to: text("The colour that shall have it."),
  fromDeployment: text("The Deployment of that colour."),
  toDeployment: text("The Deployment of the other."),
  image: text("The image of the new colour."),
  replicas: count("How many Pods the new colour gets."),
  outcome: object("How it will end, once that is certain.", {
    phase: choice("The last phase.", ["Succeeded", "Failed", "Aborted"]),
    message: text("Why."),
  }),
  message: text("Why it is where it is."),
  observedGeneration: long("The generation that this status is of."),
  conditions,
});
