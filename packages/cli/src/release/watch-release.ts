import { standingWords, stepWords } from "@sluice/api/release";
import type { Connection } from "../connection.ts";
import { watch } from "../terminal/watch.ts";
import { pictureAsJson } from "./picture-json.ts";
import { type ReleasePicture, takePicture } from "./release-picture.ts";
import { progressWord } from "./render-progress.ts";
import { renderRelease } from "./render-release.ts";
import type { Surroundings } from "./render-version.ts";
import type { TrafficReader } from "./traffic.ts";

/** Until Ctrl-C: the release as it goes on. */
export function watchRelease(
  { client, namespace }: Connection,
  name: string,
  traffic: TrafficReader,
  how: { readonly isJson: boolean; readonly surroundings: () => Surroundings },
): Promise<never> {
  const watched = {
    async take() {
      const picture = await takePicture(client, namespace, name);
      await traffic.refresh(namespace);
      return picture;
    },
    draw: (picture: ReleasePicture) => renderRelease(picture, traffic.describe, how.surroundings()),
    line: lineOf,
    json: pictureAsJson,
  };
  return watch(watched, how.isJson);
}

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
