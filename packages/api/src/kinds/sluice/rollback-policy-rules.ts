import type { Violation } from "@sluice/kernel";
import { show } from "../../schema/show.ts";
import { invalid, missing } from "../rules.ts";
import type { RemoteModel, RollbackPolicy, RollbackRule } from "./rollback-policy.ts";

/** What a schema can't say of a RollbackPolicy. */
export function checkRollbackPolicy({ spec }: RollbackPolicy): readonly Violation[] {
  const metrics = new Set((spec.metrics ?? []).map(({ name }) => name));
  return [
    ...(spec.rules ?? []).flatMap((rule, index) => checkRule(rule, `spec.rules[${index}]`, metrics)),
    ...checkModel(spec.model),
  ];
}

/** Whoever may read the policy would read them, and `fetch` takes no such URL. */
function checkModel(model: RemoteModel | undefined): readonly Violation[] {
  if (model === undefined || !/^https?:\/\/[^/?#]*@/.test(model.url)) return [];
  const expected = "no user and password in it: a token by spec.model.tokenSecretRef";
  return [invalid({ path: "spec.model.url", found: "user or password", expected })];
}

function checkRule(rule: RollbackRule, path: string, metrics: ReadonlySet<string>): readonly Violation[] {
  const violations: Violation[] = [];
  for (const [index, { signal, metric, above, below }] of rule.when.entries()) {
    const at = `${path}.when[${index}]`;
    if ((above === undefined) === (below === undefined)) {
      const found = above === undefined ? "neither above nor below" : "above and below";
      violations.push(invalid({ path: at, found, expected: "exactly one of above, below" }));
    }
    if (signal === "metric" && metric === undefined) violations.push(missing(`${at}.metric`, "the name of a metric"));
    if (signal !== "metric" && metric !== undefined) {
      violations.push(invalid({ path: `${at}.metric`, found: show(metric), expected: "nothing, or signal: metric" }));
    }
    if (signal === "metric" && metric !== undefined && !metrics.has(metric)) {
      violations.push(
        invalid({
          path: `${at}.metric`,
          found: show(metric),
          expected: metrics.size === 0 ? "a name from spec.metrics" : `one of ${[...metrics].join(", ")}`,
        }),
      );
    }
  }
  if (rule.validationSeconds !== undefined && rule.action !== "scheduled_rollback") {
    violations.push(
      invalid({
        path: `${path}.validationSeconds`,
        found: String(rule.validationSeconds),
        expected: "nothing: only with action scheduled_rollback",
      }),
    );
  }
  return violations;
}
