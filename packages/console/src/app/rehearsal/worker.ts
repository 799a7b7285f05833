// Rehearses in a thread of the browser's: nothing leaves the machine.
import type { Resource } from "@sluice/api";
import { loadYamlDocuments } from "@sluice/api/yaml";
import { Fault, toFault } from "@sluice/kernel";
import { goodRunsFor, type Rehearsal, readPolicies, rehearse } from "@sluice/rehearsal";
import { YAMLException } from "js-yaml";
import type { Asked, Said } from "./asked.ts";

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
  return { is: "rehearsed", rehearsals, refused: [...refused.map(({ message }) => message), ...doubled] };
}

/** Faults: invalid, with which document of the text is no manifest, and why. */
function resourcesOf(text: string): readonly Resource[] {
  return documentsOf(text).flatMap((document, place): readonly Resource[] => {
    if (document === null || document === undefined) return [];
    const { kind, items } = document as { readonly kind?: string; readonly items?: readonly Resource[] };
    const objects = kind?.endsWith?.("List") && Array.isArray(items) ? items : [document as Resource];
    for (const object of objects) refuseNoManifest(object, place + 1);
    return objects;
  });
}

function documentsOf(text: string): readonly unknown[] {
  try {
    return loadYamlDocuments(text);
  } catch (thrown) {
    if (!(thrown instanceof YAMLException)) throw thrown;
    const { line = 0, column = 0 } = thrown.mark ?? {};
    throw new Fault("invalid", `line ${line + 1}: this is no YAML: ${thrown.reason} at column ${column + 1}`);
  }
}

function refuseNoManifest(object: Partial<Resource> | null, place: number): void {
  const missing = (["apiVersion", "kind"] as const).find((field) => typeof object?.[field] !== "string");
  const isNamed = typeof object?.metadata?.name === "string" && object.metadata.name !== "";
  const field = missing ?? (isNamed ? undefined : "metadata.name");
  if (field === undefined) return;
  const found = typeof object?.kind === "string" ? `${object.kind} without ${field}` : `no ${field}`;
  throw new Fault(
    "invalid",
    `document ${place}: found ${found}, expected a manifest with apiVersion, kind and metadata.name`,
  );
}

addEventListener("message", async ({ data }: MessageEvent<Asked>) => {
  try {
    say(await answer(data));
  } catch (thrown) {
    say({ is: "refused", message: toFault(thrown).message });
  }
});
