import type { Rollout } from "@sluice/api";
import { canaryOf } from "../analysis/analysis-uses.ts";
import type { Finding } from "../finding.ts";
import { findingAt, type World } from "../manifests/world.ts";
import { removal, replacement, withFix } from "../repairs/repairs.ts";

const path = "spec.strategy.canary.scaleDownDelayRevisionLimit";

/** How many old versions a canary keeps running: the original refuses a wrong number with blue-green only. */
export const keptVersionsFindings = (world: World): readonly Finding[] =>
  world.of("Rollout").flatMap((manifest) => {
    const { scaleDownDelayRevisionLimit: kept, trafficRouting } = canaryOf(manifest) ?? {};
    if (typeof kept !== "number") return [];
    const found = `scaleDownDelayRevisionLimit: ${kept}`;
    if (trafficRouting === undefined) {
      const finding = findingAt(manifest, path, {
        severity: "warning",
        rule: "ignored-revision-limit",
        what: "it is ignored: without trafficRouting no old version is kept running",
        found,
        expected: "nothing, or trafficRouting",
        repair: "take it out",
      });
      return [withFix(finding, removal(manifest, path))];
    }
    const { revisionHistoryLimit = 10 } = (manifest.resource as Rollout).spec;
    if (kept <= revisionHistoryLimit) return [];
    const finding = findingAt(manifest, path, {
      severity: "warning",
      rule: "kept-beyond-history",
      what: `revisionHistoryLimit forgets all but ${revisionHistoryLimit} of the versions that it would keep running`,
      found,
      expected: `at most ${revisionHistoryLimit}`,
      repair: `write ${revisionHistoryLimit}, or raise revisionHistoryLimit`,
    });
    return [withFix(finding, replacement(manifest, path, String(revisionHistoryLimit)))];
  });
