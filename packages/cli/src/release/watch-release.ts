import { setTimeout } from "node:timers/promises";
import { standingWords, stepWords } from "@sluice/api/release";
import type { Connection } from "../connection.ts";
import { Screen } from "../terminal/screen.ts";
import { paint } from "../terminal/style.ts";
import { releaseAsJson } from "./release-json.ts";
import { type ReleasePicture, takePicture } from "./release-picture.ts";
import { progressWord } from "./render-progress.ts";
import { renderRelease } from "./render-release.ts";
import type { Surroundings } from "./render-version.ts";
import type { TrafficReader } from "./traffic.ts";

const everyMillis = 500;

/** Until Ctrl-C: redraws where a person looks; elsewhere a line for each change, or the whole as JSON. */
export async function watchRelease(
  { client, namespace }: Connection,
  name: string,
  traffic: TrafficReader,
  how: { readonly isJson: boolean; readonly surroundings: () => Surroundings },
): Promise<never> {
  const show = how.isJson
    ? printed(releaseAsJson)
    : process.stdout.isTTY
      ? drawn(traffic, how.surroundings)
      : printed(lineOf, stamped);
  for (;;) {
    const picture = await takePicture(client, namespace, name);
    await traffic.refresh(picture.rollout);
    show(picture);
    await setTimeout(everyMillis);
  }
}

function drawn(traffic: TrafficReader, surroundings: () => Surroundings): (picture: ReleasePicture) => void {
  const screen = new Screen();
  return (picture) => screen.draw(renderRelease(picture, traffic.describe, surroundings()));
}

/** Only what is another text than the one before. */
function printed(
  text: (picture: ReleasePicture) => string,
  as = (line: string) => line,
): (picture: ReleasePicture) => void {
  let before: string | undefined;
  return (picture) => {
    const line = text(picture);
    if (line !== before) console.log(as(line));
    before = line;
  };
}

const stamped = (line: string): string => `${paint("dim", new Date().toISOString().slice(0, 19))}Z ${line}`;

/** Where it stands, without anything that only counts time. */
function lineOf({ rollout }: ReleasePicture): string {
  const { status, spec } = rollout;
  const words = standingWords(rollout);
  const step = spec.strategy.canary?.steps?.[status?.currentStepIndex ?? 0];
  const parts = [
    status?.phase ?? "Unknown",
    words === undefined ? "" : `- ${words}`,
    step === undefined || status?.abort === true
      ? ""
      : `- step ${progressWord(rollout, Number.NaN)}: ${stepWords(step).text}`,
  ];
  return parts.filter(Boolean).join(" ");
}
