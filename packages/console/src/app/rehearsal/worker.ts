// Rehearses in a thread of the browser's: nothing leaves the machine.
import { toFault } from "@sluice/kernel";
import { goodRunsFor, type Rehearsal, readPolicies, rehearse } from "@sluice/rehearsal";
import type { Asked, Said } from "./asked.ts";
import { refusalOf, resourcesOf } from "./pasted.ts";

const say = (said: Said): void => postMessage(said);

async function answer({ manifests, learned, runs, ...asked }: Asked): Promise<Said> {
  const rehearsals: Rehearsal[] = [];
  const { policies, refused, doubled } = await readPolicies(resourcesOf(manifests));
  for (const [index, policy] of policies.entries()) {
    const rehearsed = await rehearse(policy, {
      ...asked,
      ...(learned === undefined ? {} : { learned }),
      runs,
      goodRuns: goodRunsFor(runs),
      onRelease: async (done, all) => {
        if (done % 5 === 0) say({ is: "progress", done: index * all + done, all: policies.length * all });
      },
    });
    rehearsals.push(rehearsed);
  }
  return {
    is: "rehearsed",
    rehearsals,
    refused: [...refused.map(({ message }) => refusalOf(manifests, message)), ...doubled],
  };
}

addEventListener("message", async ({ data }: MessageEvent<Asked>) => {
  try {
    say(await answer(data));
  } catch (thrown) {
    say({ is: "refused", message: toFault(thrown).message });
  }
});
