import { calm, plainStory, type Story } from "./story.ts";

/** Manifests that are plainer, one field at a time. */
const plainer = [
  "hasBackground",
  "hasHoldback",
  "hasRings",
  "hasFreshBaseline",
  "sides",
  "isDynamic",
  "isEnforced",
  "hasRules",
  "evidence",
  "measures",
  "isConfigured",
  "template",
  "delivery",
  "beside",
] as const;

/** The shortest story near this one that still fails: first a calmer platform and plainer manifests, then fewer steps. */
export async function shrink(story: Story, fails: (story: Story) => Promise<boolean>): Promise<Story> {
  let best = story;
  const attempt = async (next: Story): Promise<boolean> => {
    if (!(await fails(next))) return false;
    best = next;
    return true;
  };
  if (!(await attempt({ ...best, disturbance: calm }))) {
    for (const what of Object.keys(calm) as (keyof typeof calm)[]) {
      if (best.disturbance[what] > 0) await attempt({ ...best, disturbance: { ...best.disturbance, [what]: 0 } });
    }
  }
  for (const field of plainer) {
    if (best[field] !== plainStory[field]) await attempt({ ...best, [field]: plainStory[field] });
  }
  if (best.replicas > 1) await attempt({ ...best, replicas: 1 });
  for (let size = Math.max(1, best.steps.length >> 1); size >= 1; ) {
    let isShorter = false;
    for (let at = best.steps.length - size; at >= 0; at--) {
      const steps = best.steps.toSpliced(at, size);
      if (await attempt({ ...best, steps })) isShorter = true;
      at = Math.min(at, best.steps.length - size + 1);
    }
    if (!isShorter || size > 1) {
      if (size === 1) break;
      size >>= 1;
    }
  }
  return best;
}
