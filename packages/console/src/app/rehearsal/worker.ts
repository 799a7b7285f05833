// Rehearses in a thread of the browser's: nothing leaves the machine.
import type { Resource } from "@sluice/api";
import { minutes, toFault } from "@sluice/kernel";
import { type Rehearsal, readPolicies, rehearse } from "@sluice/rehearsal";
import { loadAll } from "js-yaml";
import type { Asked, Said } from "./asked.ts";

const say = (said: Said): void => postMessage(said);

async function answer({ manifests, traffic, learned, runs, seed }: Asked): Promise<Said> {
  const rehearsals: Rehearsal[] = [];
  const { policies, refused } = await readPolicies(resourcesOf(manifests));
  for (const [index, policy] of policies.entries()) {
    const rehearsed = await rehearse(policy, {
      traffic,
      ...(learned === undefined ? {} : { learned }),
      runs,
      seed,
      goodRuns: 4 * runs,
      personMillis: minutes(10),
      noticeMillis: minutes(60),
      onRelease: async (done, all) => {
        if (done % 5 === 0) say({ is: "progress", done: index * all + done, all: policies.length * all });
      },
    });
    rehearsals.push(rehearsed);
  }
  return { is: "rehearsed", rehearsals, refused: refused.map(({ message }) => message) };
}

function resourcesOf(text: string): readonly Resource[] {
  return loadAll(text).flatMap((document): readonly Resource[] => {
    if (typeof document !== "object" || document === null) return [];
    const { kind, items } = document as { readonly kind?: string; readonly items?: readonly Resource[] };
    return kind === "List" ? (items ?? []) : [document as Resource];
  });
}

addEventListener("message", async ({ data }: MessageEvent<Asked>) => {
  try {
    say(await answer(data));
  } catch (thrown) {
    say({ is: "refused", message: toFault(thrown).message });
  }
});
