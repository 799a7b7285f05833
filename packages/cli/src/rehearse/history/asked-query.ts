import { Fault } from "@sluice/kernel";
import {
  describeRefusal,
  type LabelMatcher,
  type PromqlExpression,
  parsePromql,
  withoutParentheses,
} from "@sluice/languages";
import { metricNameLabel } from "@sluice/metrics";

/** What a person's query says: a counter, or an expression that is a rate already. */
export type AskedQuery =
  | { readonly is: "counter"; readonly matchers: readonly LabelMatcher[] }
  | { readonly is: "rate" };

/** Faults: invalid, with the flag, where it is neither. */
export function readAskedQuery(flag: string, query: string): AskedQuery {
  const parsed = parsePromql(query);
  if (parsed.is === "refused")
    throw new Fault("invalid", `${flag} ${describeRefusal(parsed.refusal, query)}\n  ${query}`);
  const expression = withoutParentheses(parsed.value);
  if (expression.is === "selector") return { is: "counter", matchers: expression.matchers };
  const found = noRate(expression);
  if (found === undefined) return { is: "rate" };
  throw new Fault(
    "invalid",
    `${flag}: found ${found}, expected a counter alone, such as http_requests_total{job="web"}, or a rate, such as sum(rate(http_requests_total{job="web"}[5m]))\n  ${query}`,
  );
}

/** What makes it something else than so many a second; of a difference nobody can tell. */
function noRate(expression: PromqlExpression): string | undefined {
  switch (expression.is) {
    case "number":
    case "string":
      return "no metric";
    case "selector": {
      const name = expression.matchers.find(({ label }) => label === metricNameLabel)?.value ?? "";
      return /_(total|count|sum|bucket)$/.test(name) ? `${name}, which counts since its process began` : undefined;
    }
    case "parenthesis":
      return noRate(expression.inner);
    case "aggregation":
    case "unary":
      return noRate(expression.operand);
    case "call":
      return expression.name === "increase" ? "increase(…), which counts over a window" : undefined;
    default:
      return undefined;
  }
}
